#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <tacit/base/clock.hpp>
#include <tacit/observe/pause_recorder.hpp>

#include "observe/pause_watch.hpp"

namespace tacit::sched {

class scheduler;
class worker;

/// The monitor's part in recording pauses: it fetches what the workers have noted, tells which long
/// run it was, and notices when the whole process stood still.
///
/// Threads: the monitor's.
class pause_collector {
 public:
  explicit pause_collector(scheduler& watched);

  /// At each look, before all else. `interval`: for how long the monitor wanted to wait; 0 if it
  /// slept.
  void collect(std::chrono::microseconds interval, base::steady_time now);

  /// The worker has been in this run for a while.
  void note_long_run(worker& watched, std::uint64_t run);
  void note_stack(worker& watched, std::uint64_t run, const std::vector<std::uintptr_t>& frames);

 private:
  struct long_run {
    std::uint64_t run = 0;
    observe::pause_context context;
  };
  struct process_times {
    std::chrono::nanoseconds used{0};       // CPU, by all threads.
    std::chrono::nanoseconds run_delay{0};  // Of this thread.
  };
  // After a stop it takes a look more to know who had something to do.
  struct stop {
    observe::pause what;
    std::vector<std::uint64_t> runs_before;
  };

  void look_for_stop(std::chrono::microseconds interval, base::steady_time now);
  void charge_stop();
  [[nodiscard]] static std::optional<observe::pause_watch::stretch_times> gap_of(
      const worker& of, base::steady_time now, std::chrono::nanoseconds run_delay,
      std::chrono::nanoseconds stopped);
  const observe::pause_context* context_of(std::uint32_t worker, const observe::held_stretch& seen);

  scheduler& scheduler_;
  observe::pause_recorder* const into_;
  std::vector<long_run> long_runs_;  // By worker.
  observe::pause_context other_;
  base::steady_time looked_at_{};
  base::steady_time times_at_{};
  process_times times_;
  std::vector<std::uint64_t> runs_before_;
  std::optional<stop> stop_;
};

}  // namespace tacit::sched
