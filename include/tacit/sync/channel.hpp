#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <tacit/base/source_place.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/channel_queue.hpp>

namespace tacit::sync {

/// What came out of a channel: a value, or why there is none.
template <class T>
class received {
 public:
  received() = default;
  explicit received(T&& value) noexcept : value_(std::move(value)) {}
  explicit received(const base::error_code& error) noexcept : error_(error) {}

  explicit operator bool() const noexcept { return value_.has_value(); }
  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return *std::move(value_); }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }

  /// No error if there is a value. errc::closed if the channel is closed and empty,
  /// errc::would_block from try_receive(), or the cause of the cancellation.
  [[nodiscard]] const base::error_code& error() const noexcept { return error_; }

 private:
  template <class U>
  friend class receive_case;
  std::optional<T> value_;
  base::error_code error_;
};

template <class T>
class receive_case;
template <class T>
class send_case;

namespace detail {

template <class T>
class receive_operation;
template <class T>
class send_operation;
template <class T>
class send_copy;

}  // namespace detail

/// Carries values from any number of senders to any number of receivers, first in, first out, and
/// holds at most `capacity` of them. With a capacity of 0 a sender waits until a receiver takes the
/// value from it.
///
///     channel<int> numbers(16);
///     if (auto error = co_await numbers.send(7)) …
///     while (auto number = co_await numbers.receive()) use(*number);
///
/// Once closed it takes no more values, gives those that it holds, and then says errc::closed. Who
/// waits to send when it is closed keeps its value.
///
/// T is moved under the channel's lock, which spins: a move must not throw and should be short. Put
/// what is large behind a pointer.
///
/// Threads:   any; coroutines on any worker or in block_on().
/// Lifetime:  outlives the operations on it. The destructor destroys the values that are still held
///            and asserts that nobody waits.
/// Cancel:    a receive that was cancelled has taken nothing, a send that was cancelled has sent
///            nothing: send(std::move(value)) moves from `value` only if it succeeds. An operation
///            that does not have to wait is done also in a cancelled scope.
/// Cost:      one short lock per operation; nothing is allocated after construction. An operation
///            that does not wait spends the coroutine's budget (this_worker::spend_budget).
template <class T>
class channel : private detail::channel_core {
  static_assert(std::is_nothrow_move_constructible_v<T>, "T is moved under a lock");

 public:
  explicit channel(std::size_t capacity = 0);
  ~channel();
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// `co_await` gives no error, errc::closed, or the cause of the cancellation. Moves from `value`
  /// only if it was sent. The object referred to must live until then, as a temporary of the
  /// co_await expression does.
  [[nodiscard]] auto send(T&& value) noexcept { return detail::send_operation<T>(*this, value); }
  [[nodiscard]] auto send(const T& value) { return detail::send_copy<T>(*this, value); }

  /// `co_await` gives a received<T>.
  [[nodiscard]] auto receive() noexcept { return detail::receive_operation<T>(*this); }

  /// As send(), but gives errc::would_block where that would wait.
  base::error_code try_send(T&& value) noexcept;
  base::error_code try_send(const T& value) { return try_send(T(value)); }

  /// As receive(), but gives errc::would_block where that would wait.
  received<T> try_receive() noexcept;

  /// Takes no more values. False if it was closed before.
  bool close() noexcept { return channel_core::close(); }

  /// How many values it holds at this moment.
  [[nodiscard]] std::size_t size() noexcept;
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool is_closed() noexcept;

  /// Cases for select(): see <tacit/sync/select.hpp>. The value is dropped if no place is given.
  [[nodiscard]] receive_case<T> on_receive() noexcept;
  [[nodiscard]] receive_case<T> on_receive(received<T>& into) noexcept;
  /// Moves from `value` only if this case happens.
  [[nodiscard]] send_case<T> on_send(T&& value) noexcept;
  [[nodiscard]] send_case<T> on_send(const T& value);

 private:
  friend class detail::receive_operation<T>;
  friend class detail::send_operation<T>;
  friend class receive_case<T>;
  friend class send_case<T>;

  // Under the lock. They set `wake` to what the caller makes ready after it has given that back.
  detail::outcome put(T& value, sched::runnable*& wake) noexcept;
  detail::outcome take(std::optional<T>& into, sched::runnable*& wake) noexcept;

  [[nodiscard]] std::size_t after(std::size_t slot) const noexcept {
    return slot + 1 == capacity_ ? 0 : slot + 1;
  }

  // Invariants: who waits to receive finds no value held; who waits to send finds the ring full.
  std::size_t head_ = 0;  // Guarded by the lock, as are the next two.
  std::size_t tail_ = 0;
  std::size_t count_ = 0;
  const std::size_t capacity_;
  T* const slots_;  // Raw memory; [head_, head_ + count_) are alive.
};

namespace detail {

inline base::error_code error_of(outcome how, const base::error_code& cause) noexcept {
  if (how == outcome::done) return {};
  if (how == outcome::closed) return base::errc::closed;
  return cause;
}

/// What sending and receiving have in common. Operation has attempt(), value() and queue().
template <class Operation>
class channel_operation {
 public:
  explicit channel_operation(channel_core& at) noexcept : at_(at) {}
  channel_operation(const channel_operation&) = delete;
  channel_operation& operator=(const channel_operation&) = delete;

  /// If it is to wait, the lock stays taken: await_suspend goes on with it. That saves a waiting
  /// operation half of its locking, and nothing of the user's runs between the two.
  bool await_ready() noexcept {
    at_.lock();
    if (!attempt()) return false;
    return sched::this_worker::spend_budget();
  }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    if (outcome_ != outcome::pending) {  // It is done, but others have their turn first.
      std::construct_at(&turn_)->await_suspend(awaiting, place);
      return true;
    }
    std::construct_at(&wait_, at_, self().queue(), self().value());
    waited_ = true;
    wait_.suspend(awaiting, Operation::waits_on, place);
    if (auto* scope = sched::current_scope::scope_of(awaiting)) return suspend_in(*scope);
    wait_.enqueue();
    at_.unlock();
    return true;
  }

 protected:
  ~channel_operation() = default;

  [[nodiscard]] outcome end() noexcept {
    if (waited_) outcome_ = wait_.leave();
    return outcome_;
  }
  [[nodiscard]] base::error_code error() const noexcept {
    return outcome_ == outcome::cancelled ? wait_.cause() : error_of(outcome_, {});
  }

 private:
  Operation& self() noexcept { return static_cast<Operation&>(*this); }

  // With the lock taken. False if it has to wait: then the lock is still taken.
  bool attempt() noexcept {
    sched::runnable* wake = nullptr;
    outcome_ = self().attempt(wake);
    if (outcome_ == outcome::pending) return false;
    if (waited_) wait_.end(outcome_);
    at_.unlock();
    if (wake) wake->make_ready();
    return true;
  }

  // The scope's lock comes before the channel's.
  bool suspend_in(sched::cancel_scope& scope) noexcept {
    at_.unlock();
    if (!wait_.enter(scope)) return wait_.carry_on();
    at_.lock();
    if (wait_.is_over()) {
      at_.unlock();
      return wait_.carry_on();
    }
    if (attempt()) return wait_.carry_on();
    wait_.enqueue();
    at_.unlock();
    return true;
  }

  channel_core& at_;
  outcome outcome_ = outcome::pending;
  bool waited_ = false;
  union {
    channel_wait wait_;  // Only where it comes to a wait: an operation that does not is cheaper.
    sched::yield turn_;
  };
};

template <class T>
class [[nodiscard]] receive_operation final : public channel_operation<receive_operation<T>> {
 public:
  explicit receive_operation(channel<T>& from) noexcept
      : channel_operation<receive_operation>(from), from_(from) {}

  received<T> await_resume() noexcept {
    if (this->end() == outcome::done) return received<T>(std::move(*value_));
    return received<T>(this->error());
  }

 private:
  friend class channel_operation<receive_operation>;
  static constexpr const char* waits_on = "channel receive";

  outcome attempt(sched::runnable*& wake) noexcept { return from_.take(value_, wake); }
  void* value() noexcept { return &value_; }
  channel_queue& queue() noexcept { return from_.receivers_; }

  channel<T>& from_;
  std::optional<T> value_;
};

template <class T>
class [[nodiscard]] send_operation : public channel_operation<send_operation<T>> {
 public:
  send_operation(channel<T>& to, T& value) noexcept
      : channel_operation<send_operation>(to), to_(to), value_(value) {}

  base::error_code await_resume() noexcept {
    if (this->end() == outcome::done) return {};
    return this->error();
  }

 private:
  friend class channel_operation<send_operation>;
  static constexpr const char* waits_on = "channel send";

  outcome attempt(sched::runnable*& wake) noexcept { return to_.put(value_, wake); }
  void* value() noexcept { return &value_; }
  channel_queue& queue() noexcept { return to_.senders_; }

  channel<T>& to_;
  T& value_;
};

template <class T>
struct copy_to_send {
  T copy;
};

template <class T>
class [[nodiscard]] send_copy final : copy_to_send<T>, public send_operation<T> {
 public:
  send_copy(channel<T>& to, const T& value)
      : copy_to_send<T>{value}, send_operation<T>(to, this->copy) {}
};

}  // namespace detail

template <class T>
channel<T>::channel(std::size_t capacity)
    : capacity_(capacity), slots_(capacity ? std::allocator<T>().allocate(capacity) : nullptr) {}

template <class T>
channel<T>::~channel() {
  assert(receivers_.empty() && senders_.empty() && "a channel outlives who waits at it");
  for (; count_ > 0; --count_, head_ = after(head_))
    std::destroy_at(&slots_[head_]);
  if (slots_) std::allocator<T>().deallocate(slots_, capacity_);
}

template <class T>
detail::outcome channel<T>::put(T& value, sched::runnable*& wake) noexcept {
  if (closed_) return detail::outcome::closed;
  if (detail::channel_waiter* const receiver = receivers_.claim_first(wake)) {
    static_cast<std::optional<T>*>(receiver->value)->emplace(std::move(value));
    receiver->result = detail::outcome::done;
    return detail::outcome::done;
  }
  if (count_ == capacity_) return detail::outcome::pending;
  std::construct_at(&slots_[tail_], std::move(value));
  tail_ = after(tail_);
  ++count_;
  return detail::outcome::done;
}

template <class T>
detail::outcome channel<T>::take(std::optional<T>& into, sched::runnable*& wake) noexcept {
  if (count_ == 0) {
    detail::channel_waiter* const sender = senders_.claim_first(wake);
    if (!sender) return closed_ ? detail::outcome::closed : detail::outcome::pending;
    into.emplace(std::move(*static_cast<T*>(sender->value)));
    sender->result = detail::outcome::done;
    return detail::outcome::done;
  }
  T& oldest = slots_[head_];
  into.emplace(std::move(oldest));
  std::destroy_at(&oldest);
  head_ = after(head_);
  if (detail::channel_waiter* const sender = senders_.claim_first(wake)) {
    // The ring was full, so the slot that has become free is the next one to fill.
    std::construct_at(&oldest, std::move(*static_cast<T*>(sender->value)));
    tail_ = head_;
    sender->result = detail::outcome::done;
  } else {
    --count_;
  }
  return detail::outcome::done;
}

template <class T>
base::error_code channel<T>::try_send(T&& value) noexcept {
  sched::runnable* wake = nullptr;
  this->lock();
  const detail::outcome how = put(value, wake);
  this->unlock();
  if (wake) wake->make_ready();
  return detail::error_of(how, base::errc::would_block);
}

template <class T>
received<T> channel<T>::try_receive() noexcept {
  sched::runnable* wake = nullptr;
  std::optional<T> value;
  this->lock();
  const detail::outcome how = take(value, wake);
  this->unlock();
  if (wake) wake->make_ready();
  if (value) return received<T>(std::move(*value));
  return received<T>(detail::error_of(how, base::errc::would_block));
}

template <class T>
std::size_t channel<T>::size() noexcept {
  const std::lock_guard held(static_cast<detail::channel_core&>(*this));
  return count_;
}

template <class T>
bool channel<T>::is_closed() noexcept {
  const std::lock_guard held(static_cast<detail::channel_core&>(*this));
  return closed_;
}

}  // namespace tacit::sync
