#pragma once

// Who polls a worker's poller: one thread at a time.
//
// The owner takes the turn to poll between two runs, and leaves it out if somebody has it. It holds
// it while it waits in the poller. A thief takes it while the owner is busy and has not polled for
// long.
//
//   1. Whoever polls or waits holds the turn.
//   2. The owner has the turn before it announces to anybody that it sleeps. So nobody else takes
//      the interrupt that is meant to end its sleep.
//   3. An interrupt that is sent without that announcement (for a timer, a halt, a worker that is
//   to
//      sit out) may be taken by a thief. What it was sent for was published before, and the thief
//      gives the turn back after it: the owner, which looks at that once more with the turn in its
//      hands, sees it.
//
// Whether the owner sleeps, and when it polled, are hints that save others an attempt.
//
// Explored by poll_turn_model_test.

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/base/word_lock.hpp>

namespace tacit::sched {

class poll_turn {
 public:
  /// By the owner. A thief has it for no longer than a poll takes.
  void lock() noexcept { turn_.lock(); }
  [[nodiscard]] bool try_lock() noexcept { return turn_.try_lock(); }
  void unlock() noexcept { turn_.unlock(); }

  /// By a thief: to be given back with unlock(). False if there is no need, or no turn to be had.
  [[nodiscard]] bool try_steal(base::steady_time overdue) noexcept {
    return !is_asleep() && !was_polled_after(overdue) && turn_.try_lock();
  }

  /// By the owner, which has the turn.
  void fall_asleep() noexcept { asleep_.store(true, base::memory_order_release); }
  void wake_up() noexcept { asleep_.store(false, base::memory_order_release); }
  [[nodiscard]] bool is_asleep() const noexcept { return asleep_.load(base::memory_order_acquire); }

  /// By the owner.
  void note_poll(base::steady_time now) noexcept {
    polled_at_.store(now.time_since_epoch().count(), base::memory_order_relaxed);
  }
  [[nodiscard]] bool was_polled_after(base::steady_time when) const noexcept {
    return polled_at_.load(base::memory_order_relaxed) > when.time_since_epoch().count();
  }

 private:
  base::word_lock turn_;
  base::atomic<base::steady_time::rep> polled_at_{0};
  base::atomic<bool> asleep_{false};
};

}  // namespace tacit::sched
