#pragma once

#include <tacit/http/context.hpp>
#include <tacit/sched/task.hpp>

#include "server/debug_routes.hpp"

namespace tacit::server {

/// GET /debug/pauses.
[[nodiscard]] sched::task<> answer_pauses(const debug_view& view, http::context& c);

/// The totals that /metrics prints.
void add_pause_metrics(const debug_view& view);

}  // namespace tacit::server
