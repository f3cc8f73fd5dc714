#pragma once

#include <cstdint>
#include <vector>

#include "bench/pauses.hpp"

namespace tacit::bench {

/// When the requests of all probes are due: each probe's every `period_ns`, those of different
/// probes evenly between each other.
struct probe_grid {
  unsigned probes = 1;
  std::int64_t start_ns = 0;
  std::int64_t period_ns = 1;

  /// Of the first request of a probe.
  [[nodiscard]] std::int64_t first_ns(unsigned probe) const noexcept {
    return start_ns + period_ns * probe / probes;
  }
  /// The first due time of a probe that is not before `at_ns`.
  [[nodiscard]] std::int64_t next_ns(unsigned probe, std::int64_t at_ns) const noexcept;
};

/// What makes a wait a gap.
struct gap_bounds {
  std::int64_t usual_ns = 0;  ///< What every wait is reduced by.
  /// Waits up to this are answers in time, and are not among those that are looked at. Also the
  /// shortest pause.
  std::int64_t floor_ns = pause_bounds_ns.front();
};

/// Makes pauses of what single probes waited for: `waits[k]` are the waits of probe k that were
/// longer than the floor, from the due time to the answer, ascending. The pauses do not overlap and
/// ascend. A function of its arguments alone.
///
/// A stall is a wait less the usual one. Where the stalls of all probes overlap, all are stalled:
/// that pause begins with the first due time since which nobody was answered, and ends with the
/// first answer. What single probes wait longer, up to as long again, is recovery and no pause.
/// What is left are stalls of some; those that overlap are one pause.
[[nodiscard]] std::vector<seen_pause> correlate(const probe_grid& grid,
                                                const std::vector<std::vector<interval>>& waits,
                                                const gap_bounds& bounds);

/// How much of `of` the intervals cover; they ascend and do not overlap.
[[nodiscard]] std::int64_t covered_ns(const interval& of, const std::vector<interval>& by);

/// The same moments as intervals that ascend and do not overlap.
[[nodiscard]] std::vector<interval> united(std::vector<interval> of);

}  // namespace tacit::bench
