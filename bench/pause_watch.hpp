#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/idle_control.hpp"
#include "bench/pause_probe.hpp"
#include "bench/pauses.hpp"
#include "bench/target_watch.hpp"

namespace tacit::bench {

/// Everything that was seen beside a phase, on one clock.
struct pause_observations {
  probe_record probes;
  std::vector<interval> machine;   ///< When the control was held up; they ascend.
  std::vector<target_look> looks;  ///< Empty: no process of the target is known.
  unsigned cpus = 1;               ///< That the target may use.
};

/// What the observations come to. A function of its argument alone, but for the figures of control
/// and settings, which are not in it.
[[nodiscard]] pause_report report_of(pause_observations seen);

/// Looks for pauses of a target during one phase: probes, control and looks at its /proc.
///
/// Threads:  from one thread.
class pause_watch {
 public:
  /// Connects, and starts the control. `pid` is the target's, 0 if it is not known. Throws
  /// base::failure when the target cannot be connected to.
  pause_watch(const endpoint& target, const std::string& authority, const probe_settings& settings,
              pid_t pid);

  void start();
  /// Ends everything and says what was seen.
  [[nodiscard]] pause_report finish();

  /// Asks a Tacit server what it has recorded itself. To be called after the target's costs were
  /// taken, since it is a request.
  void explain(pause_report& what) const;

 private:
  const endpoint& address_;
  const std::string authority_;
  const probe_settings settings_;
  const pid_t pid_;
  idle_control control_;  // first: a fork before there are threads and connections
  pause_probe probe_;
  std::optional<target_watch> target_;
};

}  // namespace tacit::bench
