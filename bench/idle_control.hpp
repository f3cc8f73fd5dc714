#pragma once

#include <sys/types.h>
#include <cstdint>
#include <vector>

#include "bench/pauses.hpp"

namespace tacit::bench {

struct control_page;

/// Tells what the machine does to anybody: a process per CPU that sleeps for 1 ms again and again
/// and notes how late it wakes, less the time for which it was ready and others had the CPU.
///
/// They are real-time threads where that is permitted, so that they look on a saturated CPU too.
///
/// Threads:  from one thread; the kernel ties the children's life to that thread.
/// Memory:   bounded; what does not fit is in the figures all the same.
class idle_control {
 public:
  /// Starts them, for the first `cpus_max` of these CPUs. Where one cannot be started there is
  /// none.
  explicit idle_control(const std::vector<int>& cpus);
  ~idle_control();
  idle_control(const idle_control&) = delete;
  idle_control& operator=(const idle_control&) = delete;

  /// Ends them.
  void stop();

  /// To be called after stop(): when the machine held one of them up. They ascend and do not
  /// overlap.
  [[nodiscard]] std::vector<interval> late() const;
  [[nodiscard]] control_figures figures() const;

  static constexpr std::size_t cpus_max = 8;
  static constexpr std::int64_t sleep_ns = 1'000'000;

 private:
  struct child {
    int cpu = 0;
    pid_t pid = -1;
    control_page* page = nullptr;
  };

  std::vector<child> children_;
};

}  // namespace tacit::bench
