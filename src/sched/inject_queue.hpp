#pragma once

#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/observe/watched_lock.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::sched {

/// Ready coroutines from outside the pool, and what did not fit into a worker's ring.
///
/// Its length is bounded by the number of coroutines that exist: they are linked through
/// themselves. Threads: any.
class inject_queue {
 public:
  void push(runnable& ready) noexcept { push_all(ready, ready, 1); }

  /// `count` of them, linked from `first` to `last`.
  void push_all(runnable& first, runnable& last, std::uint64_t count) noexcept {
    const observe::watched_lock lock(mutex_);
    last.next = nullptr;
    (last_ ? last_->next : first_) = &first;
    last_ = &last;
    // seq_cst: the pusher looks for sleepers after this, a worker looks here after it announced
    // its sleep (idle.hpp).
    size_.store(size_.load(base::memory_order_relaxed) + count, base::memory_order_seq_cst);
  }

  runnable* pop() noexcept {
    std::uint64_t one = 1;
    return pop_some(one);
  }

  /// Takes up to `count`, linked; sets `count` to how many these are.
  runnable* pop_some(std::uint64_t& count) noexcept {
    if (size() == 0) return nullptr;
    const observe::watched_lock lock(mutex_);
    runnable* const taken = first_;
    if (!taken) return nullptr;
    runnable* last = taken;
    std::uint64_t found = 1;
    for (; found < count && last->next; ++found)
      last = last->next;
    count = found;
    first_ = last->next;
    if (!first_) last_ = nullptr;
    last->next = nullptr;
    size_.store(size_.load(base::memory_order_relaxed) - found, base::memory_order_relaxed);
    return taken;
  }

  /// Calls it with the lock held: to show that waiting for it is noticed.
  template <class Function>
  void hold(Function function) {
    const observe::watched_lock lock(mutex_);
    function();
  }

  [[nodiscard]] std::uint64_t size() const noexcept {
    return size_.load(base::memory_order_seq_cst);
  }

 private:
  base::mutex mutex_;
  runnable* first_ = nullptr;            // Guarded by mutex_.
  runnable* last_ = nullptr;             // Guarded by mutex_.
  base::atomic<std::uint64_t> size_{0};  // Written under mutex_, read without.
};

}  // namespace tacit::sched
