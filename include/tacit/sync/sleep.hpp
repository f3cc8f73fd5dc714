#pragma once

#include <chrono>
#include <coroutine>
#include <tacit/base/source_place.hpp>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/base/error.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/timer_queue.hpp>

namespace tacit::sync {

/// Suspends the awaiting coroutine until a time. On a worker the thread goes on with other work; on
/// a thread that is no worker (thread-per-connection mode, block_on) the thread sleeps, at most
/// until the deadline of the scope.
///
/// Gives no error, the cause of the cancellation if the scope was cancelled before the time came,
/// or errc::cancelled if the scheduler stops.
class [[nodiscard]] sleep_until final : public sched::timer,
                                        public sched::runnable,
                                        public sched::cancel_hook {
 public:
  explicit sleep_until(base::steady_time due) noexcept : due_(due) {}

  [[nodiscard]] bool await_ready() const noexcept { return due_ == base::steady_time::min(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    suspend(awaiting, "sleep", place);
    scope_ = sched::current_scope::scope_of(awaiting);
    return start() ? true : carry_on();
  }
  base::error_code await_resume() noexcept {
    if (scope_) scope_->remove(*this);
    return outcome();
  }

  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;

 private:
  // The time may come, or the scope be cancelled, while await_suspend() still sets things up. Then
  // whoever ends the sleep leaves it to await_suspend() to go on.
  enum class state : std::uint8_t { starting, asleep, over, closed, cancelled };

  bool start();
  bool block();
  bool end(state how) noexcept;
  [[nodiscard]] base::error_code outcome() const noexcept;
  void on_cancelled(const base::error_code& cause) noexcept override;

  base::steady_time due_;
  sched::timer_queue* timers_ = nullptr;
  sched::cancel_scope* scope_ = nullptr;
  base::error_code cause_;  // Of the cancellation. Written before state_ becomes cancelled.
  base::atomic<state> state_{state::starting};
};

/// As sleep_until, for a time from now. Does not suspend if the duration is not positive.
inline sleep_until sleep_for(std::chrono::nanoseconds duration) noexcept {
  if (duration <= std::chrono::nanoseconds::zero()) return sleep_until(base::steady_time::min());
  return sleep_until(std::chrono::steady_clock::now() + duration);
}

}  // namespace tacit::sync
