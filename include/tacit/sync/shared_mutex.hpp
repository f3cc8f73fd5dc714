#pragma once

#include <coroutine>
#include <cstdint>
#include <tacit/base/source_place.hpp>

#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/granted_list.hpp>
#include <tacit/sync/guard.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::sync {

namespace detail {
class shared_mutex_line;
template <class Guard>
class shared_mutex_awaiter;
}  // namespace detail

/// Lets many readers through together, or one writer alone.
///
/// First come first served: readers that come after a waiting writer wait behind it, and readers
/// that stand in line next to each other go together. So neither starves the other. A reader that
/// locks it a second time may wait behind a writer that waits for the first: not recursive.
///
/// Threads:   any; unlocked from any thread.
/// Lifetime:  may be destroyed as soon as nobody holds it or waits for it.
/// Cancel:    a lock() or lock_shared() that has to wait gives the cause, and leaves neither the
///            mutex held nor a place in the line; a writer that leaves lets readers pass. One that
///            need not wait succeeds.
class shared_mutex {
 public:
  shared_mutex() = default;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;
  ~shared_mutex();

  [[nodiscard]] bool try_lock() noexcept;
  [[nodiscard]] bool try_lock_shared() noexcept;
  void unlock() noexcept;
  void unlock_shared() noexcept;

  using guard = sync::guard<shared_mutex, &shared_mutex::unlock>;
  using shared_guard = sync::guard<shared_mutex, &shared_mutex::unlock_shared>;

  /// For writing: gives a shared_mutex::guard.
  [[nodiscard]] detail::shared_mutex_awaiter<guard> lock() noexcept;

  /// For reading: gives a shared_mutex::shared_guard.
  [[nodiscard]] detail::shared_mutex_awaiter<shared_guard> lock_shared() noexcept;

 private:
  friend class detail::shared_mutex_line;
  enum class access : bool { shared, exclusive };

  [[nodiscard]] bool try_take(access wanted) noexcept;
  [[nodiscard]] bool take(access wanted) noexcept;
  void admit(granted_list& granted) noexcept;
  void admit_after_cancel() noexcept;

  base::word_lock lock_;
  bool is_written_ = false;  // Guarded by lock_, as is what follows.
  std::uint32_t readers_ = 0;
  waiter_list line_;
};

namespace detail {

/// A coroutine that wants a shared_mutex.
class shared_mutex_line : protected waiter {
 public:
  [[nodiscard]] bool await_ready() noexcept {
    had_at_once_ = mutex_.try_take(access_);
    return had_at_once_ && sched::this_worker::spend_budget();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    if (had_at_once_) {
      pause_.await_suspend(awaiting, place);
      return true;
    }
    return begin(awaiting, "shared mutex", mutex_.lock_, place) && wait() ? true : carry_on();
  }

 protected:
  shared_mutex_line(shared_mutex& wanted, bool exclusive) noexcept
      : mutex_(wanted),
        access_(exclusive ? shared_mutex::access::exclusive : shared_mutex::access::shared) {}
  ~shared_mutex_line() = default;

  shared_mutex& mutex_;

 private:
  friend class sync::shared_mutex;
  bool wait() noexcept;
  void left() noexcept final { mutex_.admit_after_cancel(); }

  const shared_mutex::access access_;
  bool had_at_once_ = false;
  sched::yield pause_;
};

template <class Guard>
class [[nodiscard]] shared_mutex_awaiter final : public shared_mutex_line {
 public:
  shared_mutex_awaiter(shared_mutex& wanted, bool exclusive) noexcept
      : shared_mutex_line(wanted, exclusive) {}
  Guard await_resume() noexcept {
    end();
    return error() ? Guard(error()) : Guard(mutex_);
  }
};

}  // namespace detail

inline auto shared_mutex::lock() noexcept -> detail::shared_mutex_awaiter<guard> {
  return {*this, true};
}

inline auto shared_mutex::lock_shared() noexcept -> detail::shared_mutex_awaiter<shared_guard> {
  return {*this, false};
}

}  // namespace tacit::sync
