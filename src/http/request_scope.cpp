#include "http/request_scope.hpp"

#include <tacit/sched/this_worker.hpp>

namespace tacit::http {

request_scope::request_scope(std::chrono::milliseconds timeout) noexcept : timer(calls::unlocked) {
  if (timeout.count() != 0) deadline_ = sched::this_worker::coarse_now() + timeout;
}

request_scope::~request_scope() {
  if (timers_) timers_->cancel(*this);
}

void request_scope::suspended() noexcept {
  if (!has_deadline()) return;
  timers_ = sched::this_worker::timers();
  // The queue of a scheduler that stops is closed.
  if (timers_ && !timers_->set(*this, deadline_)) cancel(base::errc::cancelled);
}

base::error_code request_scope::settle() noexcept {
  if (timers_) timers_->cancel(*this);
  // On a thread that is no worker nothing fires the timer; waits there end by themselves.
  if (!timers_ && has_deadline() && !sched::this_worker::timers() &&
      sched::this_worker::coarse_now() >= deadline_) {
    cancel(base::errc::timed_out);
  }
  return cause();
}

std::optional<base::steady_time> request_scope::on_expired(base::steady_time now) noexcept {
  cancel(now == base::steady_time::max() ? base::errc::cancelled : base::errc::timed_out);
  return std::nullopt;
}

}  // namespace tacit::http
