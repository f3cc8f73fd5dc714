#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/formats/combined_log.hpp"
#include "bench/objective.hpp"
#include "bench/options.hpp"
#include "bench/pauses.hpp"
#include "bench/run_plan.hpp"
#include "bench/verdict.hpp"

namespace tacit::bench {

class pause_watch;

/// One measured phase with everything that is known about it.
struct outcome {
  phase_result phase;
  cost spent;
  run_facts facts;
  verdict judged;
  std::vector<objective_result> objectives = {};  ///< What --slo asked for.
  std::optional<pause_report> pauses = {};  ///< What the probes saw; nullopt: there were none.

  /// What the target answered, the probes' requests included: what it took is by that.
  [[nodiscard]] std::uint64_t served() const noexcept {
    return phase.recorded.counts.answered + (pauses ? pauses->answered : 0);
  }
};

/// Carries out one phase on open connections, sampled before and after, and judges it.
///
/// With `pauses` it is also looked for pauses, and what they are explained by.
[[nodiscard]] outcome measure(driver& connected, sampler& costs, const load& phase,
                              unsigned connections_asked, const std::atomic<bool>& stop,
                              const validity_bounds& bounds = {}, pause_watch* pauses = nullptr);

/// The schedule that the options ask for, where it is not the log's own.
[[nodiscard]] schedule schedule_for(const drive_options& drive);

/// `tacit-bench run`: returns the exit status. Throws base::failure before anything was sent.
[[nodiscard]] int run(const run_options& options, const std::atomic<bool>& stop);

/// `tacit-bench replay`: as run.
[[nodiscard]] int replay(const replay_options& options, const std::atomic<bool>& stop);

}  // namespace tacit::bench
