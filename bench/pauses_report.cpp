#include "bench/pauses_report.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr std::array bound_keys{"above_0_1_ms", "above_1_ms", "above_10_ms"};
constexpr std::array window_keys{"1_ms", "10_ms", "100_ms"};
// In the table, where the longest ones are to be looked at first.
constexpr std::size_t rows_max = 3;

double us(std::int64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

double ms(std::int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

json quantiles_json(const observe::histogram& of) {
  const auto at = [&](double percent) {
    return us(static_cast<std::int64_t>(of.at_percentile(percent)));
  };
  return {{"p50", at(50)},
          {"p99", at(99)},
          {"p99_9", at(99.9)},
          {"max", us(static_cast<std::int64_t>(of.max()))},
          {"count", of.count()}};
}

json figures_json(const pause_report& what, const pause_figures& of) {
  json per_s = json::object();
  json counts = json::object();
  json mmu = json::object();
  for (std::size_t i = 0; i < bound_keys.size(); ++i) {
    counts[bound_keys[i]] = of.counts[i];
    per_s[bound_keys[i]] = what.per_s(of, i);
  }
  for (std::size_t i = 0; i < window_keys.size(); ++i)
    mmu[window_keys[i]] = of.mmu[i] ? json(*of.mmu[i]) : json(nullptr);
  return {{"counts", std::move(counts)},     {"per_s", std::move(per_s)},
          {"longest_us", us(of.longest_ns)}, {"total_us", us(of.total_ns)},
          {"paused_share", what.share(of)},  {"mmu", std::move(mmu)}};
}

template <class Enum, std::size_t N>
json split_json(const pause_report& what, const std::array<pause_figures, N>& by) {
  json out = json::object();
  for (std::size_t i = 0; i < N; ++i)
    out[name_of(static_cast<Enum>(i))] = figures_json(what, by[i]);
  return out;
}

json pause_json(const seen_pause& one, std::int64_t start_ns) {
  const auto& about = one.about;
  const auto known = [&](auto value) { return about.looked_ns > 0 ? json(value) : json(nullptr); };
  return {{"start_s", static_cast<double>(one.when.start_ns - start_ns) / 1e9},
          {"start_ns", one.when.start_ns},
          {"length_us", us(one.when.length_ns())},
          {"scope", name_of(one.scope)},
          {"probes", one.probes},
          {"origin", name_of(one.origin)},
          {"cause", name_of(about.cause)},
          {"machine_us", us(one.machine_ns)},
          {"looked_us", known(us(about.looked_ns))},
          {"stopped_us", known(us(about.stopped_ns))},
          {"scheduled_out_us", known(us(about.scheduled_out_ns))},
          {"throttled_us", known(us(about.throttled_ns))},
          {"cpu_us", known(us(about.cpu_ns))},
          {"minor_faults", known(about.minor_faults)},
          {"major_faults", known(about.major_faults)},
          {"switches", known(about.switches)},
          {"involuntary_switches", known(about.involuntary_switches)},
          {"explained_by", one.explained_by.empty() ? json(nullptr) : json(one.explained_by)}};
}

json control_json(const control_figures& control) {
  return {{"cpus", control.cpus},
          {"is_realtime", control.is_realtime},
          {"overshoot_us", quantiles_json(control.overshoot)},
          {"machine_us", us(control.machine_ns)},
          {"run_delay_us", us(control.run_delay_ns)}};
}

/// The longest first.
std::vector<const seen_pause*> by_length(const pause_report& what) {
  std::vector<const seen_pause*> out;
  for (const auto& one : what.pauses)
    out.push_back(&one);
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return a->when.length_ns() > b->when.length_ns();
  });
  return out;
}

std::string counts_of(const pause_report& what, const pause_figures& of) {
  return fmt::format("{:>11.2f}{:>11.2f}{:>11.2f}{:>11.3f}{:>11.3f} %", what.per_s(of, 0),
                     what.per_s(of, 1), what.per_s(of, 2), ms(of.longest_ns), 100 * what.share(of));
}

std::string mmu_text(const pause_figures& of) {
  std::string out;
  constexpr std::array windows{"1", "10", "100"};
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (of.mmu[i]) {
      out +=
          fmt::format("{}{:.1f} % of {} ms", out.empty() ? "" : ", ", 100 * *of.mmu[i], windows[i]);
    }
  }
  return out.empty() ? "the run was too short" : out;
}

std::string excluded_text(const pause_report& what) {
  std::string out;
  for (const auto origin : {pause_origin::machine, pause_origin::harness}) {
    const auto& of = what.by_origin[static_cast<std::size_t>(origin)];
    if (of.counts[0] > 0) {
      out += fmt::format("{:<16}{} of the {}, the longest {:.3f} ms, are not counted\n", "",
                         of.counts[0], name_of(origin), ms(of.longest_ns));
    }
  }
  return out;
}

/// What is behind the cause of a pause.
std::string describe_cause(const seen_pause& one) {
  const auto& about = one.about;
  switch (about.cause) {
    case pause_cause::stopped:
      return "stopped by a signal";
    case pause_cause::scheduled_out:
      return fmt::format("scheduled out for {:.2f} ms{}", ms(about.scheduled_out_ns),
                         about.throttled_ns > 0 ? ", throttled by its cgroup" : "");
    case pause_cause::computing:
      return fmt::format("it used {:.2f} ms of CPU", ms(about.cpu_ns));
    case pause_cause::waiting:
      return "it slept";
    case pause_cause::unknown:
      break;
  }
  return "cause unknown";
}

}  // namespace

json to_json(const pause_report& what, std::int64_t start_ns) {
  json pauses = json::array();
  for (const auto& one : what.pauses)
    pauses.push_back(pause_json(one, start_ns));
  return {{"probes", what.probes},
          {"rate_per_s", what.rate_per_s},
          {"path", what.path},
          {"duration_s", what.duration_s()},
          {"counts",
           {{"sent", what.sent},
            {"answered", what.answered},
            {"failed", what.failed},
            {"withheld", what.withheld}}},
          {"latency_us", quantiles_json(what.latency)},
          {"lag_us", quantiles_json(what.lag)},
          {"usual_us", us(what.usual_ns)},
          {"floor_us", us(what.floor_ns)},
          {"late_us", us(what.late_ns)},
          {"own_cpu_us", us(what.own_cpu_ns)},
          {"looks", what.looks},
          {"control", control_json(what.control)},
          {"any", figures_json(what, what.any)},
          {"scope", split_json<pause_scope>(what, what.by_scope)},
          {"origin", split_json<pause_origin>(what, what.by_origin)},
          {"cause", split_json<pause_cause>(what, what.by_cause)},
          {"log", what.log.empty() ? json(nullptr) : json(what.log)},
          {"explained", what.explained},
          {"pauses", std::move(pauses)}};
}

std::string describe(const seen_pause& one, std::int64_t start_ns) {
  auto out = fmt::format("{:.2f} ms at {:.3f} s, {}, ", ms(one.when.length_ns()),
                         static_cast<double>(one.when.start_ns - start_ns) / 1e9,
                         one.scope == pause_scope::all   ? "all stalled"
                         : one.scope == pause_scope::one ? fmt::format("{} stalled", one.probes)
                                                         : "scope unclear");
  out += one.origin == pause_origin::machine   ? "the machine's"
         : one.origin == pause_origin::harness ? "the harness's"
                                               : describe_cause(one);
  if (one.about.major_faults > 0) out += fmt::format(", {} major faults", one.about.major_faults);
  if (!one.explained_by.empty()) out += fmt::format("; explained by: {}", one.explained_by);
  return out;
}

std::string pause_rows(const pause_report& what) {
  std::string out = fmt::format("{:<16}{:>11}{:>11}{:>11}{:>11}{:>13}\n", "pauses", ">0.1 ms/s",
                                ">1 ms/s", ">10 ms/s", "longest ms", "of the time");
  out += fmt::format("{:<16}{}\n", "any", counts_of(what, what.any));
  for (const auto scope : {pause_scope::all, pause_scope::one, pause_scope::unclear}) {
    const auto& of = what.by_scope[static_cast<std::size_t>(scope)];
    const auto* name = scope == pause_scope::all   ? "all stalled"
                       : scope == pause_scope::one ? "one stalled"
                                                   : "scope unclear";
    out += fmt::format("{:<16}{}\n", name, counts_of(what, of));
  }
  out += fmt::format("{:<16}at least {}\n", "utilisation", mmu_text(what.any));
  out += fmt::format(
      "{:<16}{} connections, {:g}/s each, {}: {} answered, {} failed; usual {:.1f} us, own lag p99 "
      "{:.1f} us\n",
      "probe", what.probes, what.rate_per_s, what.path, what.answered, what.failed,
      us(what.usual_ns), us(static_cast<std::int64_t>(what.lag.at_percentile(99))));
  out += excluded_text(what);
  const auto sorted = by_length(what);
  for (std::size_t i = 0; i < std::min(rows_max, sorted.size()); ++i)
    out += fmt::format("{:<16}- {}\n", "", describe(*sorted[i], what.run.start_ns));
  return out;
}

}  // namespace tacit::bench
