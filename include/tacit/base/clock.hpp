#pragma once

#include <chrono>

namespace tacit::base {

/// Monotonic time: deadlines, timers, latencies.
using steady_time = std::chrono::steady_clock::time_point;

/// For people and for metrics, whose unit of time it is.
[[nodiscard]] constexpr double in_seconds(std::chrono::nanoseconds time) noexcept {
  return std::chrono::duration<double>(time).count();
}

/// Where monotonic time comes from. Whoever waits or judges progress takes it as a parameter, so
/// that a test can own time.
///
/// Threads: now() from any thread.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual steady_time now() const noexcept = 0;
};

/// The machine's monotonic clock.
class system_clock final : public clock {
 public:
  [[nodiscard]] steady_time now() const noexcept override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace tacit::base
