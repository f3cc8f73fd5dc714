#pragma once

#include <chrono>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include <tacit/base/clock.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::sched {

/// What a task gave that ran under a deadline, and why it was cancelled meanwhile, if it was.
template <class T>
struct timed {
  base::error_code error;
  T value;
};

namespace detail {

template <class T>
class timed_task {
 public:
  timed_task(base::steady_time due, task<T>&& work) noexcept : due_(due), work_(std::move(work)) {}
  timed_task(const timed_task&) = delete;
  timed_task& operator=(const timed_task&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> awaiting,
      base::source_place place = base::source_place::current()) noexcept {
    scope_.emplace(due_, current_scope::scope_of(awaiting));
    promise_base& promise = work_.promise();
    const auto started = promise.start_in(awaiting, place);
    promise.scope = &*scope_;
    return started;
  }
  auto await_resume() {
    const base::error_code error = scope_->settle();
    if constexpr (std::is_void_v<T>) {
      work_.result();
      return error;
    } else {
      return timed<T>{error, work_.result()};
    }
  }

 private:
  const base::steady_time due_;
  task<T> work_;
  std::optional<deadline_scope> scope_;
};

}  // namespace detail

/// Runs `work` in a scope that is cancelled at `due`: `auto [ec, value] = co_await
/// with_deadline(due, work());`, and just the error code for a task<void>.
///
/// The task has always ended when this returns, and gives its value in any case. The error says
/// whether it was cancelled meanwhile, and why: errc::timed_out if a deadline came first, this one
/// or an earlier one around it, or else the cause of the scope around. It is the task's affair to
/// end soon once its waits end.
///
/// Errors:    an exception of the task is rethrown.
/// Cost:      one timer; no allocation.
/// Cancel:    the task's scope is inside the awaiter's.
template <class T>
[[nodiscard]] auto with_deadline(base::steady_time due, task<T> work) noexcept {
  return detail::timed_task<T>(due, std::move(work));
}

/// As with_deadline, for a time from now.
template <class T>
[[nodiscard]] auto with_timeout(std::chrono::nanoseconds duration, task<T> work) noexcept {
  return detail::timed_task<T>(std::chrono::steady_clock::now() + duration, std::move(work));
}

}  // namespace tacit::sched
