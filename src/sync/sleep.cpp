#include <tacit/sync/sleep.hpp>

#include <thread>

#include <tacit/sched/this_worker.hpp>

namespace tacit::sync {

bool sleep_until::await_suspend(std::coroutine_handle<> awaiting) {
  sched::timer_queue* timers = sched::this_worker::timers();
  if (!timers) {
    std::this_thread::sleep_until(due_);
    return false;
  }
  coroutine = awaiting;
  home = sched::current_agent();
  // Once set, the timer may fire and this object be gone: nothing of it is touched after that.
  if (timers->set(*this, due_)) return true;
  cancelled_ = true;
  return false;
}

std::optional<base::steady_time> sleep_until::on_expired(base::steady_time now) noexcept {
  cancelled_ = now < due_ || now == base::steady_time::max();
  make_ready();
  return std::nullopt;
}

}  // namespace tacit::sync
