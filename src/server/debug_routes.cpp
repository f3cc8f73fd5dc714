#include "server/debug_routes.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include <tacit/http/context.hpp>
#include <tacit/memory/accounting.hpp>

#include "server/process_status.hpp"

namespace tacit::server {
namespace {

// The program's own route of the same path wins.
template <class Callable>
void add_if_free(http::router& router, std::string_view path, Callable handler) {
  try {
    router.add(http::method::get, path, http::make_handler(std::move(handler)));
  } catch (const std::invalid_argument&) {
  }
}

nlohmann::json describe(const debug_view& view) {
  const process_status process = read_process_status();
  const memory::allocation_counts allocated = memory::process_allocations();
  nlohmann::json answer = {{"pid", ::getpid()},
                           {"mode", to_string(view.settings.mode)},
                           {"memory", memory::to_string(view.settings.memory)},
                           {"threads", process.threads},
                           {"rss_bytes", process.rss_bytes},
                           {"connections", view.connections.size()},
                           {"connections_accepted", view.accepted.value()},
                           {"requests", view.service.count.answers()},
                           {"draining", view.connections.is_draining()},
                           {"allocations_counted", memory::is_counting()},
                           {"allocations", allocated.allocations},
                           {"allocated_bytes", allocated.allocated_bytes}};
  // Null for the moment between the first accepted connection and the end of start().
  if (view.running) view.running->describe(answer);
  return answer;
}

void add_gauges(const debug_view& view) {
  view.metrics.add_gauge("tacit_connections", "Open connections.",
                         [view] { return static_cast<double>(view.connections.size()); });
  view.metrics.add_gauge("tacit_resident_memory_bytes", "Resident memory of the process.",
                         [] { return static_cast<double>(read_process_status().rss_bytes); });
  view.metrics.add_gauge("tacit_threads", "Threads of the process.",
                         [] { return static_cast<double>(read_process_status().threads); });
  if (!memory::is_counting()) return;
  view.metrics.add_total(
      "tacit_allocations_total", "Heap allocations since the program started.",
      [] { return static_cast<double>(memory::process_allocations().allocations); });
  view.metrics.add_total(
      "tacit_allocated_bytes_total", "Bytes asked from the heap since the start.",
      [] { return static_cast<double>(memory::process_allocations().allocated_bytes); });
}

}  // namespace

void add_debug_routes(http::router& router, const debug_view& view) {
  add_gauges(view);
  add_if_free(router, "/healthz", [](http::context& c) { c.text("ok\n"); });
  add_if_free(router, "/readyz", [view](http::context& c) {
    if (view.connections.is_draining()) return c.problem(503, "draining");
    c.text("ready\n");
  });
  add_if_free(router, "/metrics", [view](http::context& c) {
    c.body(view.metrics.to_text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  add_if_free(router, "/debug/runtime", [view](http::context& c) { c.json(describe(view)); });
}

}  // namespace tacit::server
