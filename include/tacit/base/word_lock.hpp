#pragma once

#include <thread>

#include <tacit/base/atomic.hpp>

namespace tacit::base {

/// A lock of one byte for sections of a few dozen nanoseconds that allocate nothing and call
/// nothing unknown: taking it costs one locked instruction, giving it back none.
///
/// Whoever finds it taken spins, and after a while lets the kernel run another thread, in case the
/// holder was descheduled. It is not fair. For longer sections use base::mutex.
class word_lock {
 public:
  word_lock() = default;
  word_lock(const word_lock&) = delete;
  word_lock& operator=(const word_lock&) = delete;

  void lock() noexcept {
    while (taken_.exchange(true, memory_order_acquire))
      wait();
  }
  [[nodiscard]] bool try_lock() noexcept { return !taken_.exchange(true, memory_order_acquire); }
  void unlock() noexcept { taken_.store(false, memory_order_release); }

 private:
  // Two thousand pauses are about 20 to 80 us: longer than any section, shorter than a time slice.
  static constexpr int spins_max = 2000;

  void wait() const noexcept {
    for (int spins = 0; taken_.load(memory_order_relaxed); ++spins) {
      if (spins < spins_max) {
        pause();
      } else {
        std::this_thread::yield();
      }
    }
  }

  atomic<bool> taken_{false};
};

}  // namespace tacit::base
