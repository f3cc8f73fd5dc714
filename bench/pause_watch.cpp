#include "bench/pause_watch.hpp"

#include <algorithm>

#include "bench/pause_explanation.hpp"

namespace tacit::bench {
namespace {

/// Whether the machine, whose control sleeps between its looks, covers a pause: a quarter of it for
/// certain, and half together with what the control may have slept through.
bool is_machines(const interval& pause, const std::vector<interval>& machine) {
  const auto covered = covered_ns(pause, machine);
  if (covered * 4 < pause.length_ns() || covered == 0) return false;
  const auto first = std::partition_point(machine.begin(), machine.end(), [&](const auto& one) {
    return one.end_ns <= pause.start_ns;
  });
  const auto slept =
      std::clamp<std::int64_t>(first->start_ns - pause.start_ns, 0, idle_control::sleep_ns);
  return (covered + slept) * 2 >= pause.length_ns();
}

pause_origin origin_of(const interval& pause, const std::vector<interval>& late,
                       const std::vector<interval>& machine) {
  if (is_machines(pause, machine)) return pause_origin::machine;
  const bool is_own = covered_ns(pause, late) * 2 >= pause.length_ns();
  return is_own ? pause_origin::harness : pause_origin::target;
}

template <class Fits>
pause_figures figures_where(const std::vector<seen_pause>& pauses, const interval& run,
                            const Fits& fits) {
  std::vector<interval> chosen;
  for (const auto& one : pauses) {
    if (fits(one)) chosen.push_back(one.when);
  }
  return figures_of(chosen, run);
}

bool is_targets(const seen_pause& one) {
  return one.origin == pause_origin::target;
}

void add_figures(const std::vector<seen_pause>& pauses, pause_report& out) {
  out.any = figures_where(pauses, out.run, is_targets);
  for (std::size_t i = 0; i < pause_scopes; ++i)
    out.by_scope[i] = figures_where(pauses, out.run, [i](const auto& one) {
      return is_targets(one) && one.scope == static_cast<pause_scope>(i);
    });
  for (std::size_t i = 0; i < pause_origins; ++i)
    out.by_origin[i] = figures_where(pauses, out.run, [i](const auto& one) {
      return one.origin == static_cast<pause_origin>(i);
    });
  for (std::size_t i = 0; i < pause_causes; ++i)
    out.by_cause[i] = figures_where(pauses, out.run, [i](const auto& one) {
      return is_targets(one) && one.about.cause == static_cast<pause_cause>(i);
    });
}

/// The longest ones, in the order of their start.
std::vector<seen_pause> longest_of(std::vector<seen_pause> pauses, std::size_t most) {
  if (pauses.size() > most) {
    std::nth_element(
        pauses.begin(), pauses.begin() + static_cast<std::ptrdiff_t>(most), pauses.end(),
        [](const auto& a, const auto& b) { return a.when.length_ns() > b.when.length_ns(); });
    pauses.resize(most);
    std::sort(pauses.begin(), pauses.end(),
              [](const auto& a, const auto& b) { return a.when.start_ns < b.when.start_ns; });
  }
  return pauses;
}

}  // namespace

pause_report report_of(pause_observations seen) {
  auto& probes = seen.probes;
  pause_report out;
  out.probes = probes.grid.probes;
  out.rate_per_s = 1e9 / static_cast<double>(probes.grid.period_ns);
  out.run = probes.run;
  out.sent = probes.sent;
  out.answered = probes.answered;
  out.failed = probes.failed;
  out.withheld = probes.withheld;
  out.failure = probes.failure;
  out.usual_ns = static_cast<std::int64_t>(probes.latency.at_percentile(50));
  out.floor_ns = probes.floor_ns;
  out.own_cpu_ns = probes.cpu_ns;
  out.looks = seen.looks.size();
  const auto late = united(std::move(probes.late));
  for (const auto& one : late)
    out.late_ns += one.length_ns();
  auto pauses = correlate(probes.grid, probes.waits, {out.usual_ns, out.floor_ns});
  for (auto& one : pauses) {
    // What the last requests waited for after the end of the run is a part of the pause.
    out.run.end_ns = std::max(out.run.end_ns, one.when.end_ns);
    one.machine_ns = covered_ns(one.when, seen.machine);
    one.origin = origin_of(one.when, late, seen.machine);
    one.about = annotate(one.when, seen.looks, seen.cpus);
  }
  add_figures(pauses, out);
  out.latency = std::move(probes.latency);
  out.lag = std::move(probes.lag);
  out.pauses = longest_of(std::move(pauses), pause_report::pauses_max);
  return out;
}

namespace {

/// The CPUs of the target, and then those of this process.
std::vector<int> control_cpus(pid_t pid) {
  auto out = pid == 0 ? std::vector<int>{} : cpus_of(pid);
  for (const int cpu : cpus_of(0)) {
    if (std::find(out.begin(), out.end(), cpu) == out.end()) out.push_back(cpu);
  }
  return out;
}

}  // namespace

pause_watch::pause_watch(const endpoint& target, const std::string& authority,
                         const probe_settings& settings, pid_t pid)
    : address_{target},
      authority_{authority},
      settings_{settings},
      pid_{pid},
      control_{control_cpus(pid)},
      probe_{target, authority, settings} {}

void pause_watch::start() {
  if (pid_ != 0) target_.emplace(pid_);
  probe_.start();
}

pause_report pause_watch::finish() {
  pause_observations seen;
  seen.probes = probe_.finish();
  if (target_) {
    target_->stop();
    seen.looks = target_->looks();
    seen.probes.cpu_ns += target_->own_cpu_ns();
    seen.cpus = static_cast<unsigned>(std::max<std::size_t>(cpus_of(pid_).size(), 1));
  }
  control_.stop();
  seen.machine = control_.late();
  auto out = report_of(std::move(seen));
  out.path = settings_.path;
  out.control = control_.figures();
  return out;
}

void pause_watch::explain(pause_report& what) const {
  const auto recorded = recorded_pauses(address_, authority_);
  // Both clocks are the same one, but what the recorder sees ends before the answer is here.
  if (recorded) bench::explain(what, *recorded, "Tacit's recorder", what.usual_ns);
}

}  // namespace tacit::bench
