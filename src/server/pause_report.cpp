#include "server/pause_report.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include <tacit/observe/histogram_log.hpp>
#include <tacit/sched/stall.hpp>
#include <tacit/sched/task_listing.hpp>

#include "observe/pause_windows.hpp"

namespace tacit::server {
namespace {

using nlohmann::json;
using observe::pause_cause;
using std::chrono::nanoseconds;

constexpr auto all_causes = [] {
  std::array<pause_cause, observe::pause_causes> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<pause_cause>(i);
  return out;
}();

bool is_any(pause_cause) noexcept {
  return true;
}

// The pauses of one worker, or of several, of a choice of causes.
struct selection {
  observe::pause_counts counts;
  std::optional<observe::histogram> lengths;

  void merge(const observe::worker_pauses& of, bool (*is_chosen)(pause_cause)) {
    for (const pause_cause each : all_causes) {
      const auto i = static_cast<std::size_t>(each);
      if (is_chosen(each)) add(of.counts[i], of.lengths[i].get());
    }
  }
  void add(const observe::pause_counts& more, const observe::histogram* their_lengths) {
    counts.merge(more);
    if (!their_lengths) return;
    if (lengths) {
      lengths->merge(*their_lengths);
    } else {
      lengths = *their_lengths;
    }
  }
};

json counts_to_json(const observe::pause_counts& from) {
  return {{"count", from.count},
          {"total_ns", from.total.count()},
          {"longest_ns", from.longest.count()},
          {"above_100us", from.above[0]},
          {"above_1ms", from.above[1]},
          {"above_10ms", from.above[2]}};
}

json selection_to_json(const selection& from) {
  json out = counts_to_json(from.counts);
  const auto at = [&](double percentile) {
    return from.lengths ? from.lengths->at_percentile(percentile) : 0;
  };
  out["p50_ns"] = at(50);
  out["p99_ns"] = at(99);
  out["p99_9_ns"] = at(99.9);
  out["p99_99_ns"] = at(99.99);
  return out;
}

using workers_chosen = std::vector<const observe::worker_pauses*>;

selection select(const workers_chosen& workers, bool (*is_chosen)(pause_cause)) {
  selection out;
  for (const auto* each : workers)
    out.merge(*each, is_chosen);
  return out;
}

selection select(const workers_chosen& workers, pause_cause cause) {
  selection out;
  const auto i = static_cast<std::size_t>(cause);
  for (const auto* each : workers)
    out.add(each->counts[i], each->lengths[i].get());
  return out;
}

json describe_counts(const workers_chosen& workers) {
  json causes = json::object();
  for (const pause_cause each : all_causes)
    causes[std::string(observe::to_string(each))] = selection_to_json(select(workers, each));
  return {{"causes", std::move(causes)},
          {"own", selection_to_json(select(workers, observe::is_own))},
          {"all", selection_to_json(select(workers, is_any))}};
}

// By window. The worst of several workers is the minimum.
json describe_utilisation(const workers_chosen& workers, bool (*is_chosen)(pause_cause)) {
  static const std::map<std::string, std::chrono::milliseconds> windows = {
      {"1ms", std::chrono::milliseconds(1)},
      {"10ms", std::chrono::milliseconds(10)},
      {"100ms", std::chrono::milliseconds(100)}};
  json out = json::object();
  for (const auto& [name, window] : windows)
    out[name] = 1.0;
  for (const auto* worker : workers) {
    std::vector<observe::pause> chosen;
    std::copy_if(worker->recent.begin(), worker->recent.end(), std::back_inserter(chosen),
                 [is_chosen](const observe::pause& each) { return is_chosen(each.cause); });
    const auto spans = observe::covered(chosen);
    for (const auto& [name, window] : windows) {
      out[name] = std::min(out[name].get<double>(), observe::minimum_utilisation(spans, window));
    }
  }
  return out;
}

class reporter {
 public:
  explicit reporter(const observe::pause_record& from)
      : from_(from), standstill_(observe::all_at_once(from)) {
    for (const auto& each : from.of)
      if (each.is_recorded) workers_.push_back(&each);
  }

  [[nodiscard]] json report(std::size_t recent_max) const {
    json out = describe_counts(workers_);
    const double worker_ns = static_cast<double>((from_.now - from_.begin).count()) *
                             static_cast<double>(std::max(1U, from_.workers));
    out["workers_recorded"] = workers_.size();
    out["begin_ns"] = from_.begin.time_since_epoch().count();
    out["now_ns"] = from_.now.time_since_epoch().count();
    out["begin_unix_s"] = unix_s(from_.begin);
    for (const pause_cause each : all_causes)
      out["bound_ns"][std::string(observe::to_string(each))] = observe::pause_bound(each).count();
    out["memory_bytes"] = from_.memory_bytes;
    out["lost"] = from_.lost;
    out["paused_share"] = out["all"]["total_ns"].get<double>() / worker_ns;
    out["own_share"] = out["own"]["total_ns"].get<double>() / worker_ns;
    out["mmu"] = describe_utilisation(workers_, is_any);
    out["mmu_own"] = describe_utilisation(workers_, observe::is_own);
    out["all_at_once"] = counts_to_json(standstill_.counts);
    out["all_at_once"]["since_ns"] = standstill_.since.time_since_epoch().count();
    out["workers"] = describe_workers();
    out["longest"] = json::array();
    for (const auto& each : from_.longest)
      out["longest"].push_back(describe(each));
    out["recent"] = describe_recent(recent_max);
    return out;
  }

 private:
  [[nodiscard]] double unix_s(base::steady_time at) const {
    const auto wall = now_wall_ - std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                      now_steady_ - at);
    return std::chrono::duration<double>(wall.time_since_epoch()).count();
  }

  [[nodiscard]] json describe_workers() const {
    json out = json::array();
    for (std::size_t i = 0; i < from_.of.size(); ++i) {
      if (!from_.of[i].is_recorded) continue;
      const workers_chosen one{&from_.of[i]};
      json each = describe_counts(one);
      each["worker"] = i;
      each["mmu"] = describe_utilisation(one, is_any);
      each["mmu_own"] = describe_utilisation(one, observe::is_own);
      each["recent_since_ns"] = from_.of[i].recent_since.time_since_epoch().count();
      out.push_back(std::move(each));
    }
    return out;
  }

  [[nodiscard]] json describe(const observe::pause& what, std::size_t worker) const {
    const bool is_all = 2 * observe::overlap(what, standstill_.spans) >= what.length;
    return {{"begin_ns", what.begin.time_since_epoch().count()},
            {"begin_unix_s", unix_s(what.begin)},
            {"length_ns", what.length.count()},
            {"cause", observe::to_string(what.cause)},
            {"scope", is_all ? "all" : "worker"},
            {"worker", worker}};
  }

  [[nodiscard]] json describe(const observe::noted_pause& one) const {
    json out = describe(one.what, one.worker);
    const char* const function = one.context.function.function_name();
    out["function"] = function && *function ? json(sched::short_name(function)) : json();
    out["request"] = one.context.request.empty() ? json() : json(one.context.request);
    sched::stall frames;
    frames.frames = one.context.frames;
    out["stack"] = frames.stack();
    return out;
  }

  [[nodiscard]] json describe_recent(std::size_t recent_max) const {
    struct of_worker {
      const observe::pause* what;
      std::size_t worker;
    };
    std::vector<of_worker> all;
    for (std::size_t i = 0; i < from_.of.size(); ++i)
      for (const observe::pause& each : from_.of[i].recent)
        all.push_back({&each, i});
    std::sort(all.begin(), all.end(),
              [](const of_worker& a, const of_worker& b) { return a.what->begin > b.what->begin; });
    json out = json::array();
    for (std::size_t i = 0; i < std::min(recent_max, all.size()); ++i)
      out.push_back(describe(*all[i].what, all[i].worker));
    return out;
  }

  const observe::pause_record& from_;
  const observe::standstill standstill_;
  workers_chosen workers_;
  const base::steady_time now_steady_ = std::chrono::steady_clock::now();
  const std::chrono::system_clock::time_point now_wall_ = std::chrono::system_clock::now();
};

}  // namespace

json describe_pauses(const observe::pause_record& from, std::size_t recent_max) {
  return reporter(from).report(recent_max);
}

std::string to_histogram_log(const observe::pause_record& from) {
  workers_chosen workers;
  for (const auto& each : from.of)
    workers.push_back(&each);
  const std::chrono::duration<double> length = from.now - from.begin;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  std::string out = observe::histogram_log_head((now - length).count());
  for (const pause_cause each : all_causes) {
    const selection found = select(workers, each);
    if (!found.lengths) continue;
    out += observe::histogram_log_line(observe::to_string(each), 0, length.count(), *found.lengths);
  }
  return out;
}

}  // namespace tacit::server
