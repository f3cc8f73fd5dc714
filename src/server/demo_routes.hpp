#pragma once

#include <tacit/server/server.hpp>

#include "server/live_set.hpp"
#include "server/pattern_source.hpp"

namespace tacit::server {

/// The routes that `tacit serve` has without a site: something to look at, and the workloads that
/// the harness measures. `pattern` and `live` outlive the server.
void add_demo_routes(server& app, const pattern_source& pattern, live_set& live);

}  // namespace tacit::server
