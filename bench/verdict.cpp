#include "bench/verdict.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace tacit::bench {
namespace {

// The last answer comes a latency after its due time, which says nothing about the pace.
constexpr double pace_slack_s = 0.1;

void judge_harness(const phase_result& phase, const cost& spent, const run_facts& facts,
                   const validity_bounds& bounds, std::int64_t probe_cpu_ns, verdict& out) {
  const auto lag_p99 = static_cast<std::int64_t>(phase.recorded.schedule_lag().at_percentile(99));
  const bool is_late = lag_p99 > bounds.lag_p99_ns_max;
  if (is_late) {
    out.invalid_reasons.push_back(
        {fmt::format("the harness sent late: schedule lag p99 is {:.3f} ms, the bound {:.3f} ms",
                     static_cast<double>(lag_p99) / 1e6,
                     static_cast<double>(bounds.lag_p99_ns_max) / 1e6),
         true});
  }
  const double wall_s = static_cast<double>(spent.harness.at_ns) / 1e9;
  // Nobody else was in the way while the probe ran; that it ran at all is in the lag.
  const double delay_s =
      static_cast<double>(std::max<std::int64_t>(spent.harness.run_delay_ns - probe_cpu_ns, 0)) /
      1e9;
  if (wall_s > 0 && delay_s / wall_s > bounds.run_delay_share_max) {
    out.invalid_reasons.push_back(
        {fmt::format("the harness was starved: it waited for a CPU {:.1f} % of the time, the bound "
                     "is {:.1f} %",
                     100 * delay_s / wall_s, 100 * bounds.run_delay_share_max),
         true});
  }
  const double busy_s = static_cast<double>(spent.harness.cpu_ns - probe_cpu_ns) / 1e9 + delay_s;
  const double busy_share = wall_s > 0 ? busy_s / wall_s / facts.threads : 0;
  const bool is_busy = busy_share > bounds.busy_share_max;
  const auto busy_text =
      fmt::format("the harness was busy {:.0f} % of the time of its {} thread{}", 100 * busy_share,
                  facts.threads, facts.threads == 1 ? "" : "s");
  if (facts.planned_s <= 0 && is_busy) {
    out.notes.push_back(busy_text + ": the rate may be its limit instead of the target's");
  }
  const double took_s = phase.elapsed_s();
  if (facts.planned_s <= 0 || took_s * bounds.pace_share_min <= facts.planned_s + pace_slack_s) {
    return;
  }
  auto text = fmt::format("{} requests were due within {:.1f} s, their answers took {:.1f} s",
                          phase.recorded.counts.due, facts.planned_s, took_s);
  if (is_busy) {
    out.invalid_reasons.push_back(
        {fmt::format("{}; {}: the rate is beyond its power", text, busy_text)});
  } else if (is_late) {
    out.invalid_reasons.push_back({text + ", and the harness was late", true});
  } else {
    out.notes.push_back(text + ": the target did not keep up; the harness was on time");
  }
}

void judge_opening(const tallies& counts, const std::string& own_limit, const run_facts& facts,
                   verdict& out) {
  if (facts.connections_opened < facts.connections_asked) {
    out.invalid_reasons.push_back({fmt::format(
        "{} of {} connections could be opened{}{}", facts.connections_opened,
        facts.connections_asked, facts.open_failure.empty() ? "" : ": ", facts.open_failure)});
  } else if (counts.own_limits > 0) {
    out.invalid_reasons.push_back(
        {fmt::format("the harness could not open {} connections, which is no fault of the target: "
                     "{}",
                     counts.own_limits, own_limit)});
  }
}

void judge_connections(const tallies& counts, const validity_bounds& bounds, verdict& out) {
  const double share = static_cast<double>(counts.reconnects) /
                       static_cast<double>(std::max<std::uint64_t>(counts.answered, 1));
  if (counts.reconnects < 2 || share <= bounds.reconnect_share_max) return;
  out.invalid_reasons.push_back(
      {fmt::format("the target ended {} connections, one for each {:.1f} answers: the figures are "
                   "largely those of connecting (--requests-per-connection asks for that)",
                   counts.reconnects, 1 / share)});
}

void judge_counts(const tallies& counts, const cost& spent, const run_facts& facts,
                  const pause_report* probed, verdict& out) {
  if (counts.sent != counts.answered + counts.failed + counts.outstanding) {
    out.invalid_reasons.push_back(
        {fmt::format("the counts do not add up: {} sent, {} answered, {} failed, {} outstanding",
                     counts.sent, counts.answered, counts.failed, counts.outstanding)});
  }
  if (counts.due != counts.sent) {
    out.notes.push_back(
        fmt::format("{} requests were due and never sent: no connection was free for them",
                    counts.due - counts.sent));
  }
  // With failures or repetitions the server rightly counts other requests than we do.
  if (facts.is_part && spent.server) {
    out.notes.push_back("what the target took is by what all parts sent, not this one alone");
  }
  if (!spent.runtime || facts.is_part || counts.failed + counts.resent + counts.reconnects > 0)
    return;
  if (probed != nullptr && probed->failed > 0) return;
  const auto answered = counts.answered + (probed == nullptr ? 0 : probed->answered);
  if (spent.runtime->requests != static_cast<std::int64_t>(answered)) {
    out.invalid_reasons.push_back(
        {fmt::format("the server counted {} requests, the harness {}{}", spent.runtime->requests,
                     answered, probed == nullptr ? "" : ", those of the probe included")});
  }
}

void judge_probe(const pause_report& probed, const validity_bounds& bounds, verdict& out) {
  const auto lag_p99 = static_cast<std::int64_t>(probed.lag.at_percentile(99));
  if (lag_p99 > bounds.probe_lag_p99_ns_max) {
    out.invalid_reasons.push_back(
        {fmt::format("the probe looked late: its lag p99 is {:.3f} ms, the bound {:.3f} ms",
                     static_cast<double>(lag_p99) / 1e6,
                     static_cast<double>(bounds.probe_lag_p99_ns_max) / 1e6),
         true});
  }
  const double late_share = static_cast<double>(probed.late_ns) /
                            static_cast<double>(std::max<std::int64_t>(probed.run.length_ns(), 1));
  if (late_share > bounds.probe_late_share_max) {
    out.invalid_reasons.push_back(
        {fmt::format("the probe did not run when it should have for {:.1f} % of the time, the "
                     "bound is {:.1f} %",
                     100 * late_share, 100 * bounds.probe_late_share_max),
         true});
  }
  if (probed.answered == 0) {
    out.invalid_reasons.push_back(
        {fmt::format("the probe got no answer from {}{}{}", probed.path,
                     probed.failure.empty() ? "" : ": ", probed.failure)});
  } else if (probed.failed > 0) {
    out.notes.push_back(
        fmt::format("{} requests of the probe failed, such as: {}", probed.failed, probed.failure));
  }
}

}  // namespace

verdict judge(const phase_result& phase, const cost& spent, const run_facts& facts,
              const validity_bounds& bounds, const pause_report* probed) {
  verdict out;
  if (facts.was_interrupted) out.invalid_reasons.push_back({"the run was interrupted"});
  if (facts.shared_cpu) {
    out.invalid_reasons.push_back(
        {fmt::format("harness and target are both pinned to CPU {}: each takes its time from the "
                     "other",
                     *facts.shared_cpu)});
  }
  judge_opening(phase.recorded.counts, phase.recorded.own_limit, facts, out);
  if (phase.recorded.counts.answered == 0) out.invalid_reasons.push_back({"nothing was answered"});
  judge_harness(phase, spent, facts, bounds, probed == nullptr ? 0 : probed->own_cpu_ns, out);
  judge_connections(phase.recorded.counts, bounds, out);
  judge_counts(phase.recorded.counts, spent, facts, probed, out);
  if (probed != nullptr) judge_probe(*probed, bounds, out);
  return out;
}

}  // namespace tacit::bench
