#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/observe/pause.hpp>

namespace tacit::observe {

/// A stretch of a thread's time that took longer than it should, and what is known about it.
struct held_stretch {
  enum class kind : std::uint8_t {
    runs,     ///< Coroutines ran: what is not explained is the handler's.
    polls,    ///< Completions were taken, or timers expired.
    wake_up,  ///< From when the thread was to wake up until it did.
    charged,  ///< Somebody knows what it was: `cause`.
  };

  base::steady_time begin{};
  std::chrono::nanoseconds length{0};
  kind what = kind::runs;
  pause_cause cause = pause_cause::runtime;  ///< Of what nothing else explains.
  std::chrono::nanoseconds expected{0};      ///< So much of it is no pause.
  std::chrono::nanoseconds charged{0};       ///< Of it, in stretches of their own.
  std::chrono::nanoseconds run_delay{0};     ///< Waited for a CPU meanwhile,
  bool preempted = false;                    ///< after it had been taken away.
  std::chrono::nanoseconds stolen{0};        ///< Neither ran nor waited: a hypervisor had the CPU.
  std::uint32_t minor_faults = 0;
  std::uint32_t major_faults = 0;
  std::uint64_t first_run = 0;  ///< The worker's count of runs at the beginning,
  std::uint64_t last_run = 0;   ///< and at the end.
  base::source_place function;  ///< Of the last run,
  std::uint64_t request = 0;    ///< and its request.
};

/// From one thread to the one that collects: a ring that is allocated once. What finds no room is
/// lost and counted.
///
/// Threads: open() before any other; push() by one thread, take() by another one. A track that is
/// `shared` takes push() from several: who finds another at it loses what it has.
class pause_track {
 public:
  static constexpr std::uint32_t capacity = 128;

  explicit pause_track(bool shared = false) noexcept : shared_(shared) {}

  void open() {
    const std::lock_guard lock(pushing_);
    if (slots_) return;
    slots_ = std::make_unique<std::array<held_stretch, capacity>>();
    is_open_.store(true, base::memory_order_release);
  }
  [[nodiscard]] bool is_open() const noexcept { return is_open_.load(base::memory_order_acquire); }

  void push(const held_stretch& seen) noexcept {
    if (!shared_) return put(seen);
    if (!pushing_.try_lock()) return lose();
    put(seen);
    pushing_.unlock();
  }

  bool take(held_stretch& into) noexcept {
    const std::uint32_t head = head_.load(base::memory_order_relaxed);
    if (head == tail_.load(base::memory_order_acquire)) return false;
    into = (*slots_)[head % capacity];
    head_.store(head + 1, base::memory_order_release);  // The slot may be written again.
    return true;
  }

  [[nodiscard]] std::uint64_t lost() const noexcept {
    return lost_.load(base::memory_order_relaxed);
  }

 private:
  void put(const held_stretch& seen) noexcept {
    const std::uint32_t tail = tail_.load(base::memory_order_relaxed);
    if (tail - head_.load(base::memory_order_acquire) == capacity) return lose();
    (*slots_)[tail % capacity] = seen;
    tail_.store(tail + 1, base::memory_order_release);  // The slot may be read.
  }
  void lose() noexcept { lost_.fetch_add(1, base::memory_order_relaxed); }

  const bool shared_;
  base::word_lock pushing_;
  base::atomic<bool> is_open_{false};
  std::unique_ptr<std::array<held_stretch, capacity>> slots_;
  base::atomic<std::uint32_t> head_{0};
  base::atomic<std::uint32_t> tail_{0};
  base::atomic<std::uint64_t> lost_{0};
};

}  // namespace tacit::observe
