#pragma once

#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::sched {

/// Ready coroutines from outside the pool, and what did not fit into a worker's ring.
///
/// Its length is bounded by the number of coroutines that exist: they are linked through
/// themselves. Threads: any.
class inject_queue {
 public:
  void push(runnable& ready) noexcept {
    const std::lock_guard lock(mutex_);
    ready.next = nullptr;
    (last_ ? last_->next : first_) = &ready;
    last_ = &ready;
    // seq_cst: the pusher looks for sleepers after this, a worker looks here after it announced
    // its sleep (idle.hpp).
    size_.store(size_.load(base::memory_order_relaxed) + 1, base::memory_order_seq_cst);
  }

  runnable* pop() noexcept {
    if (size() == 0) return nullptr;
    const std::lock_guard lock(mutex_);
    if (!first_) return nullptr;
    runnable* taken = first_;
    first_ = taken->next;
    if (!first_) last_ = nullptr;
    size_.store(size_.load(base::memory_order_relaxed) - 1, base::memory_order_relaxed);
    return taken;
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
