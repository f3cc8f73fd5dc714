#pragma once

#include <cassert>
#include <concepts>
#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

#include <tacit/sched/promise.hpp>

namespace tacit::sched {

template <class T>
class task;

namespace detail {

/// What a coroutine ends with, beside the exception in promise_base.
template <class T>
class returns {
 public:
  static constexpr bool is_plain = std::is_trivially_destructible_v<T>;

  returns() noexcept { place_ = &value_; }  // NOLINT(*-prefer-member-initializer): its own union.
  ~returns() {
    if constexpr (!is_plain) {
      if (has_value_) std::destroy_at(&value_);
    }
  }
  returns(const returns&) = delete;
  returns& operator=(const returns&) = delete;

  template <std::convertible_to<T> U>
  void return_value(U&& value) {
    std::construct_at(place_, std::forward<U>(value));
    if constexpr (!is_plain) has_value_ = place_ == &value_;
  }
  T take_value() { return std::move(value_); }

  /// The value is made there, in raw memory, instead of in the frame.
  void return_to(T* place) noexcept { place_ = place; }

 private:
  union {
    T value_;
  };
  T* place_;
  [[no_unique_address]] std::conditional_t<is_plain, std::false_type, bool> has_value_{};
};

template <>
class returns<void> {
 public:
  static constexpr bool is_plain = true;

  void return_void() noexcept {}
  void take_value() noexcept {}
};

template <class T>
struct task_promise final : promise_base, returns<T> {
  /// Takes the coroutine's parameters to see whether anything has to be done for them at the end.
  template <class... Parameters>
  explicit task_promise(const Parameters&...) noexcept
      : promise_base(returns<T>::is_plain &&
                     (std::is_trivially_destructible_v<Parameters> && ...)) {}

  task<T> get_return_object(base::source_place function = base::source_place::current()) noexcept;
  std::suspend_always initial_suspend() noexcept { return {}; }
  final_awaiter final_suspend() noexcept { return {hook && ends_nested(*this)}; }

  /// The value, or rethrows what left the coroutine.
  T take() {
    if (exception) [[unlikely]]
      std::rethrow_exception(exception);
    return this->take_value();
  }

  void destroy() noexcept {
    const auto coroutine = std::coroutine_handle<task_promise>::from_promise(*this);
    coroutine.done() ? destroy_ended() : coroutine.destroy();
  }
};

}  // namespace detail

namespace detail {

template <class T>
struct task_awaiter {
  std::coroutine_handle<task_promise<T>> frame;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> awaiting,
      base::source_place place = base::source_place::current()) noexcept {
    return frame.promise().start_in(awaiting, place);
  }
  T await_resume() { return frame.promise().take(); }
};

}  // namespace detail

/// A coroutine that starts when it is awaited and resumes its awaiter when it ends.
///
/// Awaiting gives the coroutine's value or rethrows what left it. Starting and ending transfer
/// control symmetrically, so a chain of tasks uses no stack. An awaited task has the cancel scope
/// of its awaiter. A task that is destroyed before it ended destroys its frame; that is only
/// allowed while nothing will resume it.
///
/// Threads:   moved and awaited by one owner; it may run on any worker.
/// Lifetime:  arguments taken by reference must outlive the task. A lambda with captures must not
///            be a coroutine: its captures die with the lambda, not with the task.
template <class T = void>
class [[nodiscard]] task {
 public:
  using value_type = T;
  using promise_type = detail::task_promise<T>;
  using handle = std::coroutine_handle<promise_type>;

  task() = default;
  task(task&& other) noexcept : frame_(other.release()) {}
  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~task() {
    if (frame_) frame_.promise().destroy();
  }

  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  auto operator co_await() && noexcept { return detail::task_awaiter<T>{frame_}; }

  /// The value of a task that has ended, or rethrows what left it. Once.
  T result() { return frame_.promise().take(); }

  /// The coroutine, for those who start it in another way than by awaiting it.
  [[nodiscard]] promise_type& promise() const noexcept { return frame_.promise(); }

  /// Gives the frame up: the caller destroys it.
  [[nodiscard]] handle release() noexcept {
    void* frame = frame_.address();
    frame_ = nullptr;
    // Keeps GCC from moving two neighbouring tasks with one wide load: these have just been stored
    // one by one, and a load that spans two stores has to wait for both (5 ns per when_all).
    asm("" : "+r"(frame));
    return handle::from_address(frame);
  }

 private:
  friend promise_type;
  explicit task(handle frame) noexcept : frame_(frame) {}

  handle frame_;
};

template <class T>
task<T> detail::task_promise<T>::get_return_object(base::source_place function) noexcept {
  const auto coroutine = std::coroutine_handle<task_promise>::from_promise(*this);
  // What promise_base takes for granted: nothing lies between the beginning of the frame and it.
  assert(coroutine.address() == self.coroutine.address());
  memory::note(note().function, function);
  return task<T>{coroutine};
}

}  // namespace tacit::sched
