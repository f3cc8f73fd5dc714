#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <tacit/base/source_place.hpp>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/granted_list.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::sync {

/// What a subscriber gets: a value, or an error() that says why there is none.
template <class T>
class [[nodiscard]] published {
 public:
  published(T value, std::uint64_t missed) : value_(std::move(value)), missed_(missed) {}
  explicit published(base::error_code why_not) noexcept : error_(why_not) {}

  explicit operator bool() const noexcept { return value_.has_value(); }
  [[nodiscard]] T& operator*() noexcept { return *value_; }
  [[nodiscard]] const T& operator*() const noexcept { return *value_; }
  [[nodiscard]] T* operator->() noexcept { return &*value_; }

  /// errc::closed when there will be no more, or the cause of a cancellation.
  [[nodiscard]] const base::error_code& error() const noexcept { return error_; }

  /// How many values were published between the last one that this subscriber got and this one.
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

 private:
  std::optional<T> value_;
  std::uint64_t missed_ = 0;
  base::error_code error_;
};

namespace detail {

/// How many values were published, and who waits for one more: what broadcast and watch share.
class publication {
 public:
  class next_awaiter;

  publication() = default;
  publication(const publication&) = delete;
  publication& operator=(const publication&) = delete;
  ~publication();

  /// Both return who waited in `granted`, for the caller to make ready.
  void publish(granted_list& granted) noexcept;
  void close(granted_list& granted) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept {
    return count_.load(base::memory_order_acquire);
  }
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(base::memory_order_acquire); }

  /// Whether one who has seen `seen` values need not wait.
  [[nodiscard]] bool has_news(std::uint64_t seen) const noexcept {
    return is_closed() || count() > seen;
  }

 private:
  base::word_lock lock_;
  base::atomic<std::uint64_t> count_{0};  // Written under lock_, as is the next one.
  base::atomic<bool> closed_{false};
  waiter_list line_;  // Guarded by lock_.
};

/// Waits until there are more than `seen` values, or there will be no more.
class publication::next_awaiter : private waiter {
 public:
  next_awaiter(publication& what, const char* waits_on, std::uint64_t seen) noexcept
      : what_(what), waits_on_(waits_on), seen_(seen) {}

  [[nodiscard]] bool await_ready() noexcept {
    is_ready_ = what_.has_news(seen_);
    return is_ready_ && sched::this_worker::spend_budget();
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    if (is_ready_) {
      pause_.await_suspend(awaiting, place);
      return true;
    }
    return begin(awaiting, waits_on_, what_.lock_, place) && wait() ? true : carry_on();
  }

 protected:
  ~next_awaiter() = default;
  base::error_code finish() noexcept {
    end();
    return error();
  }

 private:
  bool wait() noexcept;

  publication& what_;
  const char* const waits_on_;
  const std::uint64_t seen_;
  bool is_ready_ = false;
  sched::yield pause_;
};

/// Waits for what `Subscription` has not seen, and takes it.
template <class Subscription>
class [[nodiscard]] receive_awaiter final : public publication::next_awaiter {
 public:
  receive_awaiter(Subscription& by, publication& what, const char* waits_on,
                  std::uint64_t seen) noexcept
      : next_awaiter(what, waits_on, seen), by_(by) {}

  typename Subscription::received await_resume() {
    if (const base::error_code cause = finish()) return typename Subscription::received(cause);
    return by_.try_receive();
  }

 private:
  Subscription& by_;
};

}  // namespace detail
}  // namespace tacit::sync
