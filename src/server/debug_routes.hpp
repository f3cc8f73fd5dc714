#pragma once

#include <memory>

#include <tacit/http/service.hpp>
#include <tacit/observe/metrics.hpp>
#include <tacit/server/options.hpp>

#include "http/connection_set.hpp"
#include "server/mode.hpp"

namespace tacit::server {

/// What the debug routes look at. All of it outlives the server's threads.
struct debug_view {
  const options& settings;
  const http::service& service;
  const http::connection_set& connections;
  observe::metrics& metrics;
  const admission& entrance;
  const base::atomic<bool>& ready;
  const std::unique_ptr<mode>& running;
};

/// Adds /healthz, /readyz, /metrics and /debug/runtime, /debug/scheduler, /debug/tasks,
/// /debug/connections and /debug/pauses (and /debug/stall, where it is asked for), as far as they
/// are not taken, and the gauges that /metrics prints.
void add_debug_routes(http::router& router, const debug_view& view);

}  // namespace tacit::server
