#include "server/scheduler_report.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include <tacit/memory/frame_pool.hpp>
#include <tacit/sched/task_listing.hpp>

#include "http/request_label.hpp"

namespace tacit::server {
namespace {

using nlohmann::json;

// Beyond are the frames of the connection and of the worker's loop, which are always the same.
constexpr std::size_t stack_frames_max = 12;

// How often the ring held so many when the worker looked at its poller.
json histogram_of(const sched::worker_statistics& of) {
  json out = json::array();
  for (std::size_t i = 0; i < of.queue_depths.size(); ++i) {
    const std::uint64_t from = i == 0 ? 0 : std::uint64_t{1} << (i - 1);
    out.push_back({{"depth_from", from}, {"count", of.queue_depths[i]}});
  }
  return out;
}

json describe(const sched::worker_statistics& of) {
  return {{"queue_depth", of.queue_depth},
          {"runs", of.runs},
          {"steals", of.steals},
          {"polls_stolen", of.polls_stolen},
          {"parks", of.parks},
          {"injected", of.injected},
          {"overflows", of.overflows},
          {"longest_run_ns", of.longest_run.count()}};
}

json describe(const sched::blocking_pool_statistics& of) {
  return {{"threads", of.threads},       {"idle", of.idle},       {"queued", of.queued},
          {"queued_max", of.queued_max}, {"started", of.started}, {"submitted", of.submitted},
          {"refused", of.refused}};
}

}  // namespace

scheduler_totals totals_of(const sched::scheduler& of) noexcept {
  scheduler_totals sum;
  for (std::uint32_t i = 0; i < of.workers() + of.spare_workers(); ++i) {
    const sched::worker_statistics each = of.statistics(i);
    sum.runs += each.runs;
    sum.steals += each.steals;
    sum.polls_stolen += each.polls_stolen;
    sum.parks += each.parks;
  }
  return sum;
}

json describe_workers(const sched::scheduler& of) {
  json out = json::array();
  for (std::uint32_t i = 0; i < of.workers(); ++i)
    out.push_back(describe(of.statistics(i)));
  return out;
}

json describe_scheduler(sched::scheduler& of) {
  json workers = json::array();
  json spares = json::array();
  for (std::uint32_t i = 0; i < of.workers() + of.spare_workers(); ++i) {
    const sched::worker_statistics each = of.statistics(i);
    json& into = i < of.workers() ? workers : spares;
    into.push_back(describe(each));
    into.back()["queue_depths"] = histogram_of(each);
  }
  return {{"workers", std::move(workers)},
          {"spare_workers", std::move(spares)},
          {"active_workers", of.active_workers()},
          {"cpu_limit", {{"cpus", of.limit().cpus}, {"source", of.limit().source}}},
          {"injected_waiting", of.injected_waiting()},
          {"roots", of.live_roots()},
          {"stalls", of.stalls()},
          {"blocking", describe(of.blocking_threads().statistics())}};
}

json describe_frames() {
  const memory::frame_statistics frames = memory::frame_pool::statistics();
  return {{"live", frames.live_frames},           {"live_bytes", frames.live_bytes},
          {"on_heap", frames.heap_frames},        {"slab_bytes", frames.slab_bytes},
          {"idle_slab_bytes", frames.idle_bytes}, {"returned_slab_bytes", frames.returned_bytes}};
}

std::string to_line(const sched::stall& seen) {
  char duration[32];
  std::snprintf(duration, sizeof duration, "%.1f ms",
                static_cast<double>(seen.duration.count()) / 1e6);
  std::string line = "stall: worker " + std::to_string(seen.worker) + " is held for " + duration +
                     " and counting, in " + sched::short_name(seen.function.function_name());
  if (seen.request != 0) {
    const auto request = http::request_label::find(seen.request);
    line += "; request: " + (request ? request->to_string() : std::string("ended"));
  }
  line += "; stack:";
  const std::vector<std::string> stack = seen.stack();  // Takes long: after the request was asked.
  for (std::size_t i = 0; i < std::min(stack_frames_max, stack.size()); ++i)
    line += (i == 0 ? " " : " < ") + stack[i];
  if (stack.size() > stack_frames_max) line += " < ...";
  return line;
}

}  // namespace tacit::server
