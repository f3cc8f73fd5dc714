#pragma once

#include <tacit/http/context.hpp>

#include "server/debug_routes.hpp"

namespace tacit::server {

/// GET /debug/stall?worker_ms=N, ?allocator_ms=N or ?lock_ms=N: plants a pause, to show that it is
/// found. Only where the debug_routes are asked for: anybody can hold up the server with it.
void answer_stall(const debug_view& view, http::context& c);

}  // namespace tacit::server
