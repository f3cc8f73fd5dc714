#include <tacit/sync/sleep.hpp>

#include <thread>

#include <tacit/sched/this_worker.hpp>

namespace tacit::sync {

bool sleep_until::start() {
  timers_ = sched::this_worker::timers();
  if (!timers_) return block();
  if (scope_) {
    // Once it is added, cause_ is for on_cancelled() to write.
    if (const base::error_code early = scope_->add(*this)) {
      cause_ = early;
      return end(state::cancelled);
    }
  }
  if (!timers_->set(*this, due_)) return end(state::closed);
  auto expected = state::starting;
  if (state_.compare_exchange_strong(expected, state::asleep, base::memory_order_acq_rel)) {
    return true;  // From here on the coroutine may run elsewhere, and this object be gone.
  }
  timers_->cancel(*this);
  return false;
}

bool sleep_until::block() {
  if (scope_ && (cause_ = scope_->cause())) return end(state::cancelled);
  const auto deadline = scope_ ? scope_->deadline() : std::nullopt;
  if (deadline && *deadline < due_) {
    due_ = *deadline;
    cause_ = base::errc::timed_out;
    end(state::cancelled);
  }
  std::this_thread::sleep_until(due_);
  return false;
}

// Only the first to call it decides how the sleep ended. True if the coroutine is asleep.
bool sleep_until::end(state how) noexcept {
  auto found = state_.load(base::memory_order_acquire);
  do {
    if (found > state::asleep) return false;
  } while (!state_.compare_exchange_weak(found, how, base::memory_order_acq_rel));
  return found == state::asleep;
}

std::optional<base::steady_time> sleep_until::on_expired(base::steady_time now) noexcept {
  if (end(now == base::steady_time::max() ? state::closed : state::over)) make_ready();
  return std::nullopt;
}

void sleep_until::on_cancelled(const base::error_code& cause) noexcept {
  cause_ = cause;
  // Taken out of the queue first: the timer must not be called once the coroutine goes on.
  timers_->cancel(*this);
  if (end(state::cancelled)) make_ready();
}

base::error_code sleep_until::outcome() const noexcept {
  switch (state_.load(base::memory_order_acquire)) {
    case state::closed:
      return base::errc::cancelled;
    case state::cancelled:
      return cause_;
    default:
      return {};
  }
}

}  // namespace tacit::sync
