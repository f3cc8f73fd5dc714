#pragma once

#include <concepts>
#include <utility>

#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/task.hpp>
#include <tacit/sync/mutex.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::sync {

/// Waits for a change of what a mutex guards.
///
///     auto held = co_await m.lock();
///     if (auto cause = co_await changed.wait(held, [&] { return !queue.empty(); })) …
///
/// Cost:      each wait takes frames from the worker's pool.
/// Threads:   any; notifying with or without the mutex held.
/// Lifetime:  outlives who waits and every call of notify.
/// Cancel:    a cancelled wait gives the cause, and like any other wait it holds the mutex again
///            before it returns: for that it waits as long as it takes. A notification never goes
///            to one that was cancelled.
class condition {
 public:
  condition() = default;
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;
  ~condition();

  /// Unlocks, waits for a notification, and locks again. There are no others than notify's.
  [[nodiscard]] sched::task<base::error_code> wait(mutex::guard& held);

  /// Waits until `holds()`, which is called with the mutex held. If it holds at once, or when the
  /// wait was cancelled, there is no error.
  template <std::predicate Predicate>
  [[nodiscard]] sched::task<base::error_code> wait(mutex::guard& held, Predicate holds);

  /// Wakes who has waited longest.
  void notify_one() noexcept;
  void notify_all() noexcept;

 private:
  class in_line;

  base::word_lock lock_;
  waiter_list line_;  // Guarded by lock_.
};

template <std::predicate Predicate>
sched::task<base::error_code> condition::wait(mutex::guard& held, Predicate holds) {
  while (!holds()) {
    const base::error_code cause = co_await wait(held);
    if (cause) co_return holds() ? base::error_code{} : cause;
  }
  co_return base::error_code{};
}

}  // namespace tacit::sync
