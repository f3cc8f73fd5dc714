#include <tacit/sched/block_on.hpp>

namespace tacit::sched {

void blocking_agent::make_ready(runnable& ready) noexcept {
  {
    const std::lock_guard lock(mutex_);
    ready.next = nullptr;
    (last_ ? last_->next : first_) = &ready;
    last_ = &ready;
    // Notified under the lock: once it is released the agent may have run and be gone.
    became_ready_.notify_one();
  }
}

void blocking_agent::run_one() {
  std::unique_lock lock(mutex_);
  became_ready_.wait(lock, [this] { return first_ != nullptr; });
  runnable* next = first_;
  first_ = next->next;
  if (!first_) last_ = nullptr;
  lock.unlock();
  next->resume();
}

}  // namespace tacit::sched
