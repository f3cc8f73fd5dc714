#include <tacit/sched/poller.hpp>

namespace tacit::sched {

std::size_t waiting_room::wait(std::optional<base::steady_time> deadline) {
  std::unique_lock lock(mutex_);
  const auto is_interrupted = [this] { return interrupted_; };
  if (deadline) {
    changed_.wait_until(lock, *deadline, is_interrupted);
  } else {
    changed_.wait(lock, is_interrupted);
  }
  interrupted_ = false;
  return 0;
}

void waiting_room::interrupt() noexcept {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_one();
}

}  // namespace tacit::sched
