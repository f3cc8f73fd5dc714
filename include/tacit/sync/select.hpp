#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <tacit/base/clock.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/timer_queue.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/channel.hpp>

namespace tacit::sync {

/// Which case of a select happened, and how it went.
class selected {
 public:
  static constexpr std::size_t none = ~std::size_t{0};

  selected(std::size_t index, const base::error_code& error) noexcept
      : index_(index), error_(error) {}

  /// The position of the case among the arguments of select(); `none` if the select was cancelled.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

  /// errc::closed if the channel of the case is closed; with `none`, the cause of the cancellation.
  [[nodiscard]] const base::error_code& error() const noexcept { return error_; }

  /// The index, so that one can switch over what select() gives.
  operator std::size_t() const noexcept { return index_; }

 private:
  std::size_t index_;
  base::error_code error_;
};

namespace detail {
class select_wait;
}  // namespace detail

/// Something that a select waits for. Cases are made in the call of select() and end with it.
class select_case {
 public:
  select_case(const select_case&) = delete;
  select_case& operator=(const select_case&) = delete;

 protected:
  select_case() = default;
  select_case(detail::channel_core& at, detail::channel_queue& queue) noexcept
      : at_(&at), queue_(&queue) {}
  ~select_case() = default;

  // Null for a case that is no operation on a channel, or must not happen.
  detail::channel_core* at_ = nullptr;
  detail::channel_queue* queue_ = nullptr;
  detail::channel_waiter link_;

 private:
  friend class detail::select_wait;
  template <std::derived_from<select_case> Case>
  friend Case&& only_if(bool condition, Case&& which) noexcept;

  /// Under the channel's lock. pending: it would have to wait.
  virtual detail::outcome attempt([[maybe_unused]] sched::runnable*& wake) noexcept {
    return detail::outcome::pending;
  }
  /// A case that is no operation on a channel: adds itself to what the select has.
  virtual void describe_to([[maybe_unused]] detail::select_wait& select) noexcept {}

  bool enabled_ = true;
};

template <class T>
class [[nodiscard]] receive_case final : public select_case {
 public:
  receive_case(channel<T>& from, received<T>* into) noexcept
      : select_case(from, from.receivers_), from_(from), into_(into ? into : &dropped_) {
    into_->value_.reset();
    into_->error_ = {};
    link_.value = &into_->value_;
  }

 private:
  detail::outcome attempt(sched::runnable*& wake) noexcept override {
    return from_.take(into_->value_, wake);
  }

  channel<T>& from_;
  received<T> dropped_;
  received<T>* into_;
};

template <class T>
class [[nodiscard]] send_case final : public select_case {
 public:
  send_case(channel<T>& to, T& value) noexcept
      : select_case(to, to.senders_), to_(to), value_(&value) {
    link_.value = value_;
  }
  send_case(channel<T>& to, const T& value)
      : select_case(to, to.senders_), to_(to), copy_(value), value_(&*copy_) {
    link_.value = value_;
  }

 private:
  detail::outcome attempt(sched::runnable*& wake) noexcept override {
    return to_.put(*value_, wake);
  }

  channel<T>& to_;
  std::optional<T> copy_;
  T* value_;
};

/// See after().
class [[nodiscard]] after_case final : public select_case, private sched::timer {
 public:
  explicit after_case(std::chrono::nanoseconds duration) noexcept : duration_(duration) {}
  explicit after_case(base::steady_time due) noexcept : due_(due) {}

 private:
  friend class detail::select_wait;
  void describe_to(detail::select_wait& select) noexcept override;
  detail::outcome attempt(sched::runnable*& wake) noexcept override;
  [[nodiscard]] base::steady_time due() noexcept;
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;

  std::chrono::nanoseconds duration_{};
  base::steady_time due_{};               // Computed when it comes to a wait.
  after_case* next_ = nullptr;            // Of the same select.
  sched::timer_queue* timers_ = nullptr;  // Where it was added.
};

/// See otherwise().
class [[nodiscard]] otherwise_case final : public select_case {
 private:
  void describe_to(detail::select_wait& select) noexcept override;
};

/// A case that happens when the time has passed, counted from the select's beginning, unless
/// another one happens before. Not a positive time: it is one of those that can happen at once.
inline after_case after(std::chrono::nanoseconds duration) noexcept {
  return after_case(duration);
}
inline after_case after(base::steady_time due) noexcept {
  return after_case(due);
}

/// The case that happens if no other one can happen at once: such a select does not wait. One at
/// most.
inline otherwise_case otherwise() noexcept {
  return {};
}

/// The case can only happen if the condition holds. To be used in the call of select(); where Go
/// sets a channel to nil.
template <std::derived_from<select_case> Case>
Case&& only_if(bool condition, Case&& which) noexcept {
  which.enabled_ = condition;
  return std::forward<Case>(which);
}

namespace detail {

/// A number below `bound`, each as likely as the others.
[[nodiscard]] std::uint32_t select_random(std::uint32_t bound) noexcept;

/// A select in progress. The protocol is at the head of channel_queue.hpp.
class select_wait : public sched::runnable, public sched::cancel_hook {
 public:
  bool await_ready() noexcept;

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    if (chosen_ != selected::none) {  // It is done, but others have their turn first.
      std::construct_at(&turn_)->await_suspend(awaiting, place);
      return true;
    }
    suspend(awaiting, "select", place);
    scope_ = sched::current_scope::scope_of(awaiting);
    return begin() ? true : carry_on();
  }

  selected await_resume() noexcept;

 protected:
  select_wait() noexcept {}
  ~select_wait() = default;

  /// The two arrays have room for as many as there are cases.
  void attach(std::span<select_case* const> cases, channel_core** locks,
              std::uint8_t* order) noexcept {
    cases_ = cases;
    locks_ = locks;
    order_ = order;
  }

 private:
  friend class sync::after_case;
  friend class sync::otherwise_case;

  void prepare() noexcept;
  void add_lock(channel_core& of) noexcept;
  void lock_all() noexcept;
  void unlock_all() noexcept;
  bool attempt_any() noexcept;
  void enqueue_all() noexcept;
  bool begin() noexcept;
  bool begin_slowly() noexcept;
  bool block() noexcept;
  bool add_timers() noexcept;
  void withdraw() noexcept;
  void on_cancelled(const base::error_code& cause) noexcept override;

  std::span<select_case* const> cases_;
  channel_core** locks_ = nullptr;  // Each channel once, by ascending address.
  std::uint8_t* order_ = nullptr;   // In which the cases are looked at.
  std::uint32_t lock_count_ = 0;
  select_claim claim_;
  std::size_t chosen_ = selected::none;
  std::size_t otherwise_ = selected::none;
  outcome result_ = outcome::pending;
  bool enqueued_ = false;
  bool slept_ = false;
  after_case* timers_ = nullptr;
  sched::cancel_scope* scope_ = nullptr;
  base::error_code cause_;
  union {
    sched::yield turn_;
  };
};

template <std::size_t Count>
class [[nodiscard]] select_operation final : public select_wait {
  static_assert(Count > 0 && Count <= 64, "a select has 1 to 64 cases");

 public:
  template <class... Cases>
  explicit select_operation(Cases&... cases) noexcept : all_{&cases...} {
    attach(all_, locks_.data(), order_.data());
  }

 private:
  std::array<select_case*, Count> all_;
  std::array<channel_core*, Count> locks_;
  std::array<std::uint8_t, Count> order_;
};

}  // namespace detail

/// Waits until one of the cases can happen, and has exactly one happen.
///
///     received<order> next;
///     switch (co_await select(orders.on_receive(next), results.on_send(result), after(50ms))) {
///       case 0: …  // *next, or next.error() if the channel is closed
///       case 1: …  // sent: `result` was copied; on_send(std::move(result)) moves from it only
///       here case 2: …  // neither within 50 ms default: … // cancelled
///     }
///
/// If several can happen at once, each of them is as likely as the others. With otherwise() among
/// the cases it does not wait. A channel that is closed counts as one that can receive or send: the
/// select says errc::closed. A case under only_if(false, …) does not happen.
///
/// The cases that do not happen leave nothing behind: nothing taken, nothing moved from, no timer.
///
/// Cancel:    nothing has happened, index() is `none` and error() the cause. The same, with
///            errc::cancelled, if the scheduler stops while a select with after() waits.
/// Threads:   as channels. With after() on a thread that is no worker the thread itself waits.
/// Cost:      one lock per channel, taken together; a second time for each channel if it had to
/// wait.
template <std::derived_from<select_case>... Cases>
[[nodiscard]] auto select(Cases&&... cases) noexcept {
  return detail::select_operation<sizeof...(Cases)>(cases...);
}

template <class T>
receive_case<T> channel<T>::on_receive() noexcept {
  return receive_case<T>(*this, nullptr);
}

template <class T>
receive_case<T> channel<T>::on_receive(received<T>& into) noexcept {
  return receive_case<T>(*this, &into);
}

template <class T>
send_case<T> channel<T>::on_send(T&& value) noexcept {
  return send_case<T>(*this, value);
}

template <class T>
send_case<T> channel<T>::on_send(const T& value) {
  return send_case<T>(*this, value);
}

}  // namespace tacit::sync
