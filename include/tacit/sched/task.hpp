#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include <tacit/memory/frame_pool.hpp>

namespace tacit::sched {

template <class T>
class task;

namespace detail {

/// Frames come from the thread's pool.
struct pooled_frame {
  static void* operator new(std::size_t bytes) { return memory::frame_pool::allocate(bytes); }
  static void operator delete(void* frame) noexcept { memory::frame_pool::deallocate(frame); }
};

/// What a coroutine ends with: a value, or the exception that left it.
template <class T>
class result {
 public:
  template <class U>
  void set_value(U&& value) {
    state_.template emplace<1>(std::forward<U>(value));
  }
  void set_exception() noexcept { state_.template emplace<2>(std::current_exception()); }
  T take() {
    if (state_.index() == 2) std::rethrow_exception(std::get<2>(state_));
    return std::move(std::get<1>(state_));
  }

 private:
  std::variant<std::monostate, T, std::exception_ptr> state_;
};

template <>
class result<void> {
 public:
  void set_exception() noexcept { exception_ = std::current_exception(); }
  void take() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::exception_ptr exception_;
};

template <class T>
struct returns {
  result<T> outcome;
  template <std::convertible_to<T> U>
  void return_value(U&& value) {
    outcome.set_value(std::forward<U>(value));
  }
};

template <>
struct returns<void> {
  result<void> outcome;
  void return_void() noexcept {}
};

}  // namespace detail

/// A coroutine that starts when it is awaited and resumes its awaiter when it ends.
///
/// Awaiting gives the coroutine's value or rethrows what left it. Starting and ending transfer
/// control symmetrically, so a chain of tasks uses no stack. A task that is destroyed before it
/// ended destroys its frame; that is only allowed while nothing will resume it.
///
/// Threads:   moved and awaited by one owner; it may run on any worker.
/// Lifetime:  arguments taken by reference must outlive the task. A lambda with captures must not
/// be a
///            coroutine: its captures die with the lambda, not with the task.
template <class T = void>
class [[nodiscard]] task {
 public:
  using value_type = T;

  struct promise_type : detail::pooled_frame, detail::returns<T> {
    std::coroutine_handle<> continuation;

    task get_return_object() noexcept {
      return task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct resume_continuation {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
          return ended.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return resume_continuation{};
    }
    void unhandled_exception() noexcept { this->outcome.set_exception(); }
  };

  task() = default;
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  auto operator co_await() && noexcept {
    struct awaiter {
      std::coroutine_handle<promise_type> frame;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        frame.promise().continuation = awaiting;
        return frame;
      }
      T await_resume() { return frame.promise().outcome.take(); }
    };
    return awaiter{frame_};
  }

 private:
  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

}  // namespace tacit::sched
