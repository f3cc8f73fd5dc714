#include <tacit/sync/condition.hpp>

#include <cassert>
#include <mutex>

#include <tacit/sched/cancel.hpp>
#include <tacit/sync/granted_list.hpp>

namespace tacit::sync {

/// A coroutine in the line of a condition. It unlocks the mutex once it stands there.
class condition::in_line final : public waiter {
 public:
  in_line(condition& what, mutex& held) noexcept : condition_(what), mutex_(held) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    if (!begin(awaiting, "condition", condition_.lock_, place)) return carry_on();
    mutex& held = mutex_;  // Once in line, this object may be gone.
    if (!join()) return carry_on();
    held.unlock();
    return true;
  }
  /// Whether the mutex was unlocked.
  bool await_resume() noexcept {
    end();
    return joined_;
  }

 private:
  bool join() noexcept {
    const std::lock_guard lock(condition_.lock_);
    if (is_cancelled()) return false;
    joined_ = true;
    enqueue(condition_.line_);
    return true;
  }

  condition& condition_;
  mutex& mutex_;
  bool joined_ = false;
};

condition::~condition() {
  assert(line_.empty() && "a condition outlives who waits for it");
}

sched::task<base::error_code> condition::wait(mutex::guard& held) {
  mutex& unlocked = *held.lock();
  in_line place(*this, unlocked);
  if (co_await place && !unlocked.try_lock()) {
    // In a scope of its own, which nobody cancels.
    sched::cancel_scope apart;
    co_await apart.run(unlocked.lock_slowly(false));
  }
  co_return place.error();
}

void condition::notify_one() noexcept {
  waiter* first = nullptr;
  {
    const std::lock_guard lock(lock_);
    first = line_.grant_first();
  }
  if (first) first->make_ready();
}

void condition::notify_all() noexcept {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    granted.add_all(line_);
  }
  granted.make_ready();
}

}  // namespace tacit::sync
