#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/driver.hpp"
#include "bench/pauses.hpp"
#include "bench/sampler.hpp"

namespace tacit::bench {

/// Bounds within which a run's numbers can be believed. A run outside them is INVALID.
struct validity_bounds {
  /// A harness that sends later than this is itself part of the latency it reports. Half of the
  /// smallest latency that a scheduler's tick or a context switch storm would add.
  std::int64_t lag_p99_ns_max = 1'000'000;
  /// Share of the time in which the harness was ready to run and had no CPU.
  double run_delay_share_max = 0.05;
  /// Share of its threads' time in which the harness computed or waited for a CPU. Above it there
  /// was no time left in which it could have waited for the target.
  double busy_share_max = 0.95;
  /// Planned time as a share of the time it took; below it the harness must not be the cause.
  double pace_share_min = 0.99;
  /// Connections that the target ended, as a share of the answers. Above it the figures are largely
  /// those of connecting. Servers that end a connection after some hundred requests stay below.
  double reconnect_share_max = 0.01;
  /// A probe that looks later than this cannot tell pauses of a millisecond from its own.
  std::int64_t probe_lag_p99_ns_max = 500'000;
  /// Share of the time in which the probe should have run and did not.
  double probe_late_share_max = 0.05;
};

/// What was asked of a run, next to what came of it.
struct run_facts {
  unsigned connections_asked = 0;
  unsigned connections_opened = 0;
  double planned_s = 0;  ///< When the last request was due; 0 for a closed loop.
  bool was_interrupted = false;
  bool is_part = false;                ///< Other processes send to the target too.
  unsigned threads = 1;                ///< Of the harness.
  std::string open_failure = {};       ///< Why fewer connections were opened.
  std::optional<int> shared_cpu = {};  ///< The only CPU that harness and target may use, both.
};

/// One reason why a run's numbers cannot be believed.
struct invalid_reason {
  std::string text;
  /// The machine was in the way, and repeating the run may help; counts that do not add up stay.
  bool is_disturbance = false;
};

struct verdict {
  std::vector<invalid_reason> invalid_reasons;
  std::vector<std::string> notes;  ///< True and worth saying, without making the run invalid.

  [[nodiscard]] bool is_valid() const noexcept { return invalid_reasons.empty(); }
};

/// Judges whether a run's numbers say something about the target or about the harness. `probed` is
/// what looked for pauses meanwhile, nullptr if nothing did.
[[nodiscard]] verdict judge(const phase_result& phase, const cost& spent, const run_facts& facts,
                            const validity_bounds& bounds = {},
                            const pause_report* probed = nullptr);

}  // namespace tacit::bench
