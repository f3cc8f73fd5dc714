#pragma once

#include <coroutine>
#include <cstddef>
#include <tacit/base/source_place.hpp>
#include <utility>

#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/granted_list.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::sync {

/// A number of permits: `auto permits = co_await s.acquire(2); if (!permits) …error()…`.
///
/// Strictly first come first served: who wants many is not overtaken by those who want few, so
/// permits may lie idle while the first in line waits for more. Who asks for more than there will
/// ever be waits until it is cancelled.
///
/// Threads:   any.
/// Lifetime:  outlives its permits and who waits for them.
/// Cancel:    an acquire() that has to wait gives the cause and has taken none. One that need not
///            wait succeeds. Leaving the line lets those behind pass if there is enough for them.
class semaphore {
 public:
  class permits;
  class acquire_awaiter;

  explicit semaphore(std::size_t available) noexcept : available_(available) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;
  ~semaphore();

  /// Gives semaphore::permits.
  [[nodiscard]] acquire_awaiter acquire(std::size_t count = 1) noexcept;

  /// Empty permits if there are not enough, or if somebody waits.
  [[nodiscard]] permits try_acquire(std::size_t count = 1) noexcept;

  /// Gives back permits that were kept, or adds new ones.
  void release(std::size_t count = 1) noexcept;

  [[nodiscard]] std::size_t available() const noexcept;

 private:
  [[nodiscard]] bool try_take(std::size_t count) noexcept;
  [[nodiscard]] bool take(std::size_t count) noexcept;

  mutable base::word_lock lock_;
  std::size_t available_;  // Guarded by lock_.
  waiter_list line_;       // Guarded by lock_.
};

/// Permits that are given back when this is destroyed, or an error() that says why there are none.
class [[nodiscard]] semaphore::permits {
 public:
  permits() = default;
  permits(semaphore& from, std::size_t count) noexcept : from_(&from), count_(count) {}
  explicit permits(base::error_code why_not) noexcept : error_(why_not) {}
  permits(permits&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)),
        count_(std::exchange(other.count_, 0)),
        error_(other.error_) {}
  permits& operator=(permits&& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(count_, other.count_);
    std::swap(error_, other.error_);
    return *this;
  }
  ~permits() { release(); }

  explicit operator bool() const noexcept { return from_ != nullptr; }
  [[nodiscard]] const base::error_code& error() const noexcept { return error_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// Gives them back early.
  void release() noexcept {
    semaphore* from = from_;
    if (const std::size_t count = keep()) from->release(count);
  }

  /// Gives up the duty to release them: the caller calls semaphore::release().
  std::size_t keep() noexcept {
    from_ = nullptr;
    return std::exchange(count_, 0);
  }

 private:
  semaphore* from_ = nullptr;
  std::size_t count_ = 0;
  base::error_code error_;
};

class [[nodiscard]] semaphore::acquire_awaiter final : private waiter {
 public:
  acquire_awaiter(semaphore& from, std::size_t count) noexcept : from_(from), count_(count) {}

  [[nodiscard]] bool await_ready() noexcept {
    had_at_once_ = from_.try_take(count_);
    return had_at_once_ && sched::this_worker::spend_budget();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    if (had_at_once_) {
      pause_.await_suspend(awaiting, place);
      return true;
    }
    return begin(awaiting, "semaphore", from_.lock_, place) && wait() ? true : carry_on();
  }
  permits await_resume() noexcept {
    end();
    return error() ? permits(error()) : permits(from_, count_);
  }

 private:
  friend class semaphore;
  bool wait() noexcept;
  void left() noexcept override { from_.release(0); }

  semaphore& from_;
  const std::size_t count_;
  bool had_at_once_ = false;
  sched::yield pause_;
};

inline semaphore::acquire_awaiter semaphore::acquire(std::size_t count) noexcept {
  return acquire_awaiter(*this, count);
}

}  // namespace tacit::sync
