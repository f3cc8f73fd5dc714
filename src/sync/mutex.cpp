// One word says how the mutex stands:
//   locked   somebody holds it.
//   waiting  there may be somebody in the line. Set under line_lock_, only while `locked` or
//            `woken` is; it may stay for a while after the last one left by cancellation.
//   woken    one was taken off the line to try and has not tried yet. It takes the mutex, or finds
//            it locked and clears the flag; in both cases somebody unlocks after it.
//   handing  the first in line was passed over too often: the next unlock hands over.
//
// No wake-up is lost: `waiting` is only set in one exchange with the sight of `locked` or `woken`.
// In the first case whoever unlocks sees `waiting`, because unlocking is an exchange as well. In
// the second the woken one still has to try, after which it unlocks or another holder does.
//
// The one who unlocks with somebody in line wakes the first, but keeps nothing for it: on a worker
// the woken one runs after the running coroutine, which meanwhile may lock again and again. So a
// contended mutex stays with one worker for long rows, instead of going back and forth with its
// cache lines. Handing over at each unlock would be a change of coroutines for each lock.
//
// Waking is done with line_lock_ held since before the release, and the destructor takes
// line_lock_: so whoever takes the mutex next may destroy it.
//
// Explored by mutex_model_test.

#include <tacit/sync/mutex.hpp>

#include <cassert>
#include <mutex>

#include <tacit/sched/cancel.hpp>
#include <tacit/sched/yield.hpp>

namespace tacit::sync {
namespace {

// Tries in vain after which the mutex is handed over.
constexpr int passed_over_max = 2;

// A section that is left within this many looks is not worth a suspension, which costs some 100 ns.
constexpr int looks_max = 4;

}  // namespace

/// A coroutine in the line of a mutex.
class mutex::in_line final : public waiter {
 public:
  in_line(mutex& wanted, bool gives_way, int passed_over) noexcept
      : mutex_(wanted), gives_way_(gives_way), passed_over_(passed_over) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    if (!begin(awaiting, "mutex", mutex_.line_lock_, place)) return carry_on();
    const std::lock_guard lock(mutex_.line_lock_);
    if (is_cancelled()) return carry_on();
    if (mutex_.join_line(*this)) return true;
    accept();
    return false;
  }
  base::error_code await_resume() noexcept {
    end();
    return error();
  }

  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  friend class mutex;
  mutex& mutex_;
  const bool gives_way_;
  const int passed_over_;
  bool holds_ = false;  // Granted with the mutex, not only woken.
};

mutex::~mutex() {
  const std::lock_guard lock(line_lock_);
  assert(line_.empty() && !(state_.load(base::memory_order_relaxed) & locked) &&
         "a mutex outlives who holds it and who waits for it");
}

sched::task<base::error_code> mutex::lock_slowly(bool give_way) {
  if (!give_way) give_way = !sched::this_worker::spend_budget();
  if (!give_way) {
    if (try_for_a_while()) co_return base::error_code{};
  } else if (!(state_.load(base::memory_order_relaxed) & woken)) {
    co_await sched::yield();
    give_way = false;
  }
  for (int passed_over = 0;; ++passed_over) {
    in_line place(*this, give_way, passed_over);
    if (const base::error_code cause = co_await place) co_return cause;
    if (place.holds() || take_or_unwake()) co_return base::error_code{};
    give_way = false;
  }
}

bool mutex::try_for_a_while() noexcept {
  for (int look = 0; look < looks_max; ++look) {
    const std::uint32_t found = state_.load(base::memory_order_relaxed);
    if (!(found & locked)) return try_lock();
    if (found & waiting) return false;
    base::pause();
  }
  return false;
}

// Under line_lock_. False if it got the mutex instead.
bool mutex::join_line(in_line& joining) noexcept {
  std::uint32_t found = state_.load(base::memory_order_relaxed);
  for (;;) {
    const bool joins = (found & locked) || (joining.gives_way_ && (found & woken));
    const bool hand_over = joining.passed_over_ >= passed_over_max;
    const std::uint32_t next = joins ? found | waiting | (hand_over ? handing : 0) : found | locked;
    if (!state_.compare_exchange_weak(found, next, base::memory_order_acquire,
                                      base::memory_order_relaxed)) {
      continue;
    }
    if (joins && joining.passed_over_ > 0) joining.enqueue_first(line_);
    if (joins && joining.passed_over_ == 0) joining.enqueue(line_);
    joining.holds_ = !joins;
    return joins;
  }
}

// By the woken one.
bool mutex::take_or_unwake() noexcept {
  std::uint32_t found = state_.load(base::memory_order_relaxed);
  for (;;) {
    const std::uint32_t next = (found & ~woken) | locked;
    if (state_.compare_exchange_weak(found, next, base::memory_order_acquire,
                                     base::memory_order_relaxed)) {
      return !(found & locked);
    }
  }
}

void mutex::unlock_and_wake() noexcept {
  waiter* next = nullptr;
  {
    const std::lock_guard lock(line_lock_);
    next = pass_on();
  }
  if (next) next->make_ready();
}

// Under line_lock_, by the holder. Returns who has to be made ready: with the mutex, or to try.
waiter* mutex::pass_on() noexcept {
  auto* const first = static_cast<in_line*>(line_.grant_first());
  const std::uint32_t left = line_.empty() ? 0 : waiting;
  // Only `woken` may change meanwhile: it may be cleared.
  std::uint32_t found = state_.load(base::memory_order_relaxed);
  for (;;) {
    std::uint32_t next = left | (found & woken);
    const bool hand_over = first && (found & handing);
    if (hand_over) next |= locked;
    if (first && !hand_over) next |= woken;
    if (first) first->holds_ = hand_over;
    if (state_.compare_exchange_weak(found, next, base::memory_order_acq_rel,
                                     base::memory_order_relaxed)) {
      return first;
    }
  }
}

}  // namespace tacit::sync
