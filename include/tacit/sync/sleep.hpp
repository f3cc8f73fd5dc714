#pragma once

#include <chrono>
#include <coroutine>

#include <tacit/base/clock.hpp>
#include <tacit/base/error.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/timer_queue.hpp>

namespace tacit::sync {

/// Suspends the awaiting coroutine until a time. On a worker the thread goes on with other work; on
/// a thread that is no worker (thread-per-connection mode, block_on) the thread sleeps.
///
/// Gives no error, or errc::cancelled if the scheduler stops before the time has come.
class [[nodiscard]] sleep_until final : public sched::timer, public sched::runnable {
 public:
  explicit sleep_until(base::steady_time due) noexcept : due_(due) {}

  [[nodiscard]] bool await_ready() const noexcept { return due_ == base::steady_time::min(); }
  bool await_suspend(std::coroutine_handle<> awaiting);
  [[nodiscard]] base::error_code await_resume() const noexcept {
    return cancelled_ ? make_error_code(base::errc::cancelled) : base::error_code{};
  }

  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;

 private:
  base::steady_time due_;
  bool cancelled_ = false;
};

/// As sleep_until, for a time from now. Does not suspend if the duration is not positive.
inline sleep_until sleep_for(std::chrono::nanoseconds duration) noexcept {
  if (duration <= std::chrono::nanoseconds::zero()) return sleep_until(base::steady_time::min());
  return sleep_until(std::chrono::steady_clock::now() + duration);
}

}  // namespace tacit::sync
