#pragma once

#include <coroutine>
#include <cstdint>
#include <tacit/base/source_place.hpp>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/task.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sync/guard.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::sync {

class lock_awaiter;

/// Lets one coroutine at a time through: `auto held = co_await m.lock(); if (!held) …error()…`.
///
/// Held across a suspension it keeps others out, but no thread. Who comes while it is free takes
/// it, also past those who wait; who waits is woken in the order of arrival. Bound: the first in
/// line is woken to try at most twice in vain; then whoever holds the mutex hands it over. A
/// coroutine that never waits otherwise lines up behind the others once per budget.
///
/// Cost:      free: two locked instructions for lock and unlock. A wait takes a frame from the
///            worker's pool.
/// Threads:   any; unlocked from any thread. Not recursive.
/// Lifetime:  may be destroyed as soon as nobody holds it or waits for it, also by the one who
///            unlocked it last.
/// Cancel:    a lock() that has to wait gives the cause, and leaves neither the mutex held nor a
///            place in the line. One that need not wait succeeds.
class mutex {
 public:
  mutex() = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  ~mutex();

  /// Gives a mutex::guard.
  [[nodiscard]] lock_awaiter lock() noexcept;

  [[nodiscard]] bool try_lock() noexcept {
    return !(state_.fetch_or(locked, base::memory_order_acquire) & locked);
  }

  void unlock() noexcept {
    std::uint32_t found = state_.load(base::memory_order_relaxed);
    do {
      if (owes_wake(found)) return unlock_and_wake();
      // The exchange is the last touch: afterwards the mutex may be gone.
    } while (!state_.compare_exchange_weak(found, found & ~locked, base::memory_order_release,
                                           base::memory_order_relaxed));
  }

  using guard = sync::guard<mutex, &mutex::unlock>;

  /// lock() for those who cannot start without a wait, as a coroutine. `give_way`: let others go
  /// first if there are any. Gives the cause if it was cancelled.
  [[nodiscard]] sched::task<base::error_code> lock_slowly(bool give_way);

 private:
  friend class lock_awaiter;
  class in_line;

  // The states, and who may do what, are at the head of mutex.cpp.
  static constexpr std::uint32_t locked = 1;
  static constexpr std::uint32_t waiting = 2;
  static constexpr std::uint32_t woken = 4;
  static constexpr std::uint32_t handing = 8;
  static constexpr std::uint32_t locks_per_unit = 4;

  [[nodiscard]] static bool owes_wake(std::uint32_t state) noexcept {
    return (state & handing) || (state & (waiting | woken)) == waiting;
  }
  // Locking is cheap next to other operations: several make one unit of the budget. By the holder.
  [[nodiscard]] bool holder_may_go_on() noexcept {
    return ++locks_ % locks_per_unit != 0 || sched::this_worker::spend_budget();
  }
  [[nodiscard]] bool try_for_a_while() noexcept;
  [[nodiscard]] bool join_line(in_line& joining) noexcept;
  [[nodiscard]] bool take_or_unwake() noexcept;
  void unlock_and_wake() noexcept;
  waiter* pass_on() noexcept;

  base::atomic<std::uint32_t> state_{0};
  std::uint32_t locks_ = 0;  // Guarded by the mutex itself.
  base::word_lock line_lock_;
  waiter_list line_;  // Guarded by line_lock_.
};

/// What mutex::lock() returns.
class [[nodiscard]] lock_awaiter {
 public:
  explicit lock_awaiter(mutex& wanted) noexcept : mutex_(wanted) {}

  [[nodiscard]] bool await_ready() noexcept {
    if (!mutex_.try_lock()) return false;
    if (mutex_.holder_may_go_on()) return true;
    mutex_.unlock();
    give_way_ = true;
    return false;
  }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting,
                                        base::source_place place = base::source_place::current()) {
    slowly_ = mutex_.lock_slowly(give_way_);
    return std::move(slowly_).operator co_await().await_suspend(awaiting, place);
  }
  mutex::guard await_resume() {
    if (slowly_) {
      if (const base::error_code cause = slowly_.result()) return mutex::guard(cause);
    }
    return mutex::guard(mutex_);
  }

 private:
  mutex& mutex_;
  sched::task<base::error_code> slowly_;
  bool give_way_ = false;
};

inline lock_awaiter mutex::lock() noexcept {
  return lock_awaiter(*this);
}

}  // namespace tacit::sync
