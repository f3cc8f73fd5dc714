#include "server/debug_routes.hpp"

#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/http/context.hpp>
#include <tacit/memory/accounting.hpp>
#include <tacit/memory/frame_pool.hpp>
#include <tacit/memory/memory_limit.hpp>
#include <tacit/memory/reclaimer.hpp>
#include <tacit/sched/available_cpus.hpp>
#include <tacit/sched/blocking.hpp>
#include <tacit/sched/task_listing.hpp>

#include "server/connection_report.hpp"
#include "server/pause_routes.hpp"
#include "server/process_status.hpp"
#include "server/scheduler_report.hpp"
#include "server/stall_routes.hpp"
#include "server/task_report.hpp"

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

// For two figures that are asked for one after the other: to find the quota and read it takes some
// 100 us, which a worker has better uses for.
class recent_throttling {
 public:
  // Nothing where there is no quota. From any thread.
  [[nodiscard]] sched::cpu_throttling read() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - read_at_ < counts_as_recent) return seen_;
    read_at_ = now;
    if (quota_) {
      quota_->changed();
    } else {
      quota_.emplace();  // Not while the server starts.
    }
    const auto& quota = quota_->current().quota;
    const auto seen = quota ? sched::read_cpu_throttling(*quota) : std::nullopt;
    return seen_ = seen.value_or(sched::cpu_throttling());
  }

 private:
  static constexpr std::chrono::milliseconds counts_as_recent{100};

  base::mutex mutex_;
  base::steady_time read_at_{};
  std::optional<sched::cpu_quota_watch> quota_;
  sched::cpu_throttling seen_;
};

// As it is now, which may be another quota than the one at the start.
nlohmann::json describe_cpus(const debug_view& view) {
  const sched::cpu_limit limit = sched::read_cpu_limit();
  nlohmann::json answer = {{"affinity", limit.affinity}, {"quota", nullptr}, {"from", limit.source},
                           {"cgroup_version", nullptr},  {"workers", 0},     {"active_workers", 0},
                           {"throttled", nullptr}};
  if (limit.quota) {
    answer["quota"] = limit.quota->cpus;
    answer["from"] = limit.quota->file;
    answer["cgroup_version"] = limit.quota->cgroup_version;
    if (const auto seen = sched::read_cpu_throttling(*limit.quota)) {
      answer["throttled"] = {{"periods", seen->throttled},
                             {"of_periods", seen->periods},
                             {"seconds", base::in_seconds(seen->time)}};
    }
  }
  if (auto* const scheduler = view.running ? view.running->scheduler() : nullptr) {
    answer["workers"] = scheduler->workers();
    answer["active_workers"] = scheduler->active_workers();
  }
  return answer;
}

nlohmann::json describe_memory_limit() {
  const auto limit = memory::memory_limit_watch().current();
  if (!limit) return {{"bytes", nullptr}, {"from", nullptr}, {"cgroup_version", nullptr}};
  return {
      {"bytes", limit->bytes}, {"from", limit->file}, {"cgroup_version", limit->cgroup_version}};
}

nlohmann::json describe_budget(const debug_view& view) {
  const memory::memory_budget& budget = view.service.budget;
  nlohmann::json answer = {{"bytes", nullptr},
                           {"from", nullptr},
                           {"pressure", memory::to_string(budget.pressure())},
                           {"shed", view.service.count.shed_for_memory.value()}};
  if (budget.bytes() == 0) return answer;
  answer["bytes"] = budget.bytes();
  answer["from"] = view.keeper.budget_source();
  answer["neighbours_bytes"] = view.keeper.neighbours_bytes();
  answer["high_from_bytes"] = budget.high_from();
  answer["critical_from_bytes"] = budget.critical_from();
  answer["used_bytes"] = budget.used_bytes();
  answer["estimated_bytes"] = budget.estimated_bytes();
  return answer;
}

nlohmann::json describe_reclaim(const debug_view& view) {
  const memory::reclaim_statistics done = memory::read_reclaim_statistics();
  return {{"uncommit_delay_ms", view.settings.uncommit_delay.count()},
          {"idle_bytes", memory::idle_bytes()},
          {"returned_bytes", done.bytes},
          {"slices", done.slices},
          {"longest_slice_ns", done.longest_slice_ns},
          {"worker_releases", done.releases},
          {"longest_worker_release_ns", done.longest_release_ns},
          {"heap_trims", done.heap_trims},
          {"longest_heap_trim_ns", done.longest_heap_trim_ns}};
}

nlohmann::json describe(const debug_view& view) {
  const process_status process = read_process_status();
  const memory::allocation_counts allocated = memory::process_allocations();
  nlohmann::json answer = {{"pid", ::getpid()},
                           {"mode", to_string(view.settings.mode)},
                           {"memory", memory::to_string(view.settings.memory)},
                           {"threads", process.threads},
                           {"rss_bytes", process.rss_bytes},
                           {"cpu", describe_cpus(view)},
                           {"memory_limit", describe_memory_limit()},
                           {"memory_budget", describe_budget(view)},
                           {"reclaim", describe_reclaim(view)},
                           {"connections", view.connections.size()},
                           {"connections_accepted", view.entrance.accepted()},
                           {"requests", view.service.count.answers()},
                           {"draining", view.connections.is_draining()},
                           {"allocations_counted", memory::is_counting()},
                           {"allocations", allocated.allocations},
                           {"allocated_bytes", allocated.allocated_bytes}};
  // Null for the moment between the first accepted connection and the end of start().
  if (view.running) view.running->describe(answer);
  return answer;
}

// Bounds what one request may have listed; the rest is counted in its group.
constexpr std::uint64_t tasks_listed = 1'000;
constexpr std::uint64_t tasks_listed_max = 1'000'000;

// Collected and written on a thread that may block: with very many coroutines it takes a while.
sched::task<> answer_tasks(http::context& c) {
  const auto format = c.request.query_value("format").value_or("json");
  const auto limit = c.request.query_value("limit") ? c.query_number("limit") : tasks_listed;
  if (!limit || *limit > tasks_listed_max || (format != "json" && format != "text")) {
    co_return c.problem(400, "expected ?format=json or text, ?limit=N with N up to 1000000");
  }
  const bool as_text = format == "text";
  std::string body;
  const auto collect = [&body, as_text, tasks_max = *limit] {
    const sched::task_listing listing = sched::list_tasks(tasks_max);
    body = as_text ? to_text(listing) : to_json(listing).dump();
  };
  co_await sched::blocking(collect);
  c.body(body, as_text ? "text/plain; charset=utf-8" : "application/json");
}

nlohmann::json describe_scheduling(const debug_view& view) {
  auto* const scheduler = view.running ? view.running->scheduler() : nullptr;
  nlohmann::json answer = {{"workers", nlohmann::json::array()}};
  if (scheduler) answer = describe_scheduler(*scheduler);
  answer["mode"] = to_string(view.settings.mode);
  answer["stealing"] = view.settings.stealing;
  answer["stall_bound_ms"] = view.settings.stall_bound.count();
  answer["frames"] = describe_frames();
  return answer;
}

// `read` gives a figure of the scheduler; 0 where there is none.
template <class Read>
std::function<double()> of_scheduler(const debug_view& view, Read read) {
  return [view, read] {
    auto* const scheduler = view.running ? view.running->scheduler() : nullptr;
    return scheduler ? static_cast<double>(read(*scheduler)) : 0.0;
  };
}

void add_scheduler_metrics(const debug_view& view) {
  using sched::scheduler;
  observe::metrics& to = view.metrics;
  to.add_total("tacit_stalls_total", "Times a handler kept its worker for too long.",
               of_scheduler(view, [](const scheduler& s) { return s.stalls(); }));
  to.add_total("tacit_runs_total", "Coroutines resumed by workers.",
               of_scheduler(view, [](const scheduler& s) { return totals_of(s).runs; }));
  to.add_total("tacit_steals_total", "Times a worker took work from another.",
               of_scheduler(view, [](const scheduler& s) { return totals_of(s).steals; }));
  to.add_total("tacit_polls_stolen_total", "Times a worker polled for another.",
               of_scheduler(view, [](const scheduler& s) { return totals_of(s).polls_stolen; }));
  to.add_total("tacit_parks_total", "Times a worker waited in its poller.",
               of_scheduler(view, [](const scheduler& s) { return totals_of(s).parks; }));
  to.add_gauge("tacit_tasks", "Coroutines that were spawned and have not ended.",
               of_scheduler(view, [](const scheduler& s) { return s.live_roots(); }));
  to.add_gauge("tacit_coroutines", "Live coroutine frames of the process.",
               [] { return static_cast<double>(memory::frame_pool::statistics().live_frames); });
}

void add_memory_metrics(const debug_view& view) {
  using memory::read_reclaim_statistics;
  observe::metrics& to = view.metrics;
  const memory::memory_budget& budget = view.service.budget;
  to.add_gauge("tacit_memory_budget_bytes", "Memory that the server may use; 0 without a bound.",
               [&budget] { return static_cast<double>(budget.bytes()); });
  to.add_gauge("tacit_memory_used_bytes", "What it uses of the budget, as read last.",
               [&budget] { return static_cast<double>(budget.used_bytes()); });
  to.add_gauge("tacit_memory_pressure", "0: none, 1: nothing new is begun, 2: critical.",
               [&budget] { return static_cast<double>(budget.pressure()); });
  to.add_gauge("tacit_idle_memory_bytes", "Kept in pools, and not used by anybody.",
               [] { return static_cast<double>(memory::idle_bytes()); });
  to.add_total("tacit_reclaimed_bytes_total", "Memory of pools given back to the kernel.",
               [] { return static_cast<double>(read_reclaim_statistics().bytes); });
  to.add_total("tacit_reclaim_slices_total", "Slices in which it was given back.",
               [] { return static_cast<double>(read_reclaim_statistics().slices); });
  to.add_gauge("tacit_reclaim_longest_slice_seconds", "The longest of these, off the workers.", [] {
    return static_cast<double>(read_reclaim_statistics().longest_slice_ns) * 1e-9;
  });
  to.add_gauge("tacit_reclaim_longest_hold_seconds", "The longest time that it held a worker.", [] {
    return static_cast<double>(read_reclaim_statistics().longest_release_ns) * 1e-9;
  });
}

void add_gauges(const debug_view& view) {
  view.metrics.add_gauge("tacit_connections", "Open connections.",
                         [view] { return static_cast<double>(view.connections.size()); });
  view.metrics.add_gauge("tacit_resident_memory_bytes", "Resident memory of the process.",
                         [] { return static_cast<double>(read_process_status().rss_bytes); });
  view.metrics.add_gauge("tacit_threads", "Threads of the process.",
                         [] { return static_cast<double>(read_process_status().threads); });
  const auto throttling = std::make_shared<recent_throttling>();
  view.metrics.add_total("tacit_cpu_throttled_seconds_total",
                         "Time in which the CPU quota was used up, over CPUs; 0 without one.",
                         [throttling] { return base::in_seconds(throttling->read().time); });
  view.metrics.add_total(
      "tacit_cpu_throttled_periods_total", "Periods of the quota in which it was used up.",
      [throttling] { return static_cast<double>(throttling->read().throttled); });
  add_scheduler_metrics(view);
  add_memory_metrics(view);
  add_pause_metrics(view);
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
    if (!view.ready.load(base::memory_order_relaxed)) return c.problem(503, "draining");
    if (view.keeper.is_refusing()) {
      c.set("Retry-After", "1").problem(503, "short of memory");
      return;
    }
    c.text("ready\n");
  });
  add_if_free(router, "/metrics", [view](http::context& c) {
    c.body(view.metrics.to_text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  add_if_free(router, "/debug/runtime", [view](http::context& c) { c.json(describe(view)); });
  add_if_free(router, "/debug/tasks", answer_tasks);
  add_if_free(router, "/debug/connections",
              [view](http::context& c) { return answer_connections(view.connections, c); });
  add_if_free(router, "/debug/scheduler",
              [view](http::context& c) { c.json(describe_scheduling(view)); });
  add_if_free(router, "/debug/pauses", [view](http::context& c) { return answer_pauses(view, c); });
  if (!view.settings.debug_routes) return;
  add_if_free(router, "/debug/stall", [view](http::context& c) { answer_stall(view, c); });
}

}  // namespace tacit::server
