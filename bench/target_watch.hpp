#pragma once

#include <sys/types.h>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "bench/pauses.hpp"

namespace tacit::bench {

/// What the kernel says about a process at one moment. Counters run on; two looks are subtracted.
struct target_look {
  std::int64_t at_ns = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t run_delay_ns = 0;           ///< Living threads.
  std::int64_t throttled_ns = 0;           ///< Its cgroup; 0 where that cannot be read.
  std::uint64_t switches = 0;              ///< How often living threads got a CPU.
  std::uint64_t involuntary_switches = 0;  ///< Living threads, where they are few.
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  bool is_stopped = false;  ///< By a signal.
};

/// What the target did during a pause, by the looks around it, which ascend. `cpus` is how many
/// CPUs it may use. A function of its arguments alone.
[[nodiscard]] pause_annotation annotate(const interval& pause,
                                        const std::vector<target_look>& looks, unsigned cpus);

class target_files;

/// Looks at a process again and again, on a thread of its own that takes 2 % of a CPU at most.
///
/// Memory:   bounded: when there are many looks every other one goes, and they come half as often.
class target_watch {
 public:
  explicit target_watch(pid_t pid);
  ~target_watch();
  target_watch(const target_watch&) = delete;
  target_watch& operator=(const target_watch&) = delete;

  /// Stops looking.
  void stop();
  /// To be called after stop().
  [[nodiscard]] const std::vector<target_look>& looks() const noexcept { return looks_; }
  [[nodiscard]] std::int64_t own_cpu_ns() const noexcept { return own_cpu_ns_; }

 private:
  void watch(const std::stop_token& stop);
  void keep(const target_look& look);

  static constexpr std::size_t looks_max = 65'536;

  std::unique_ptr<target_files> files_;
  std::vector<target_look> looks_;
  std::int64_t period_ns_min_;
  std::int64_t own_cpu_ns_ = 0;
  std::jthread thread_;  // last: it uses the rest
};

/// The CPUs that a process may use; empty when that is not known.
[[nodiscard]] std::vector<int> cpus_of(pid_t pid);

/// The CPU time that the calling thread has taken.
[[nodiscard]] std::int64_t thread_cpu_ns() noexcept;

}  // namespace tacit::bench
