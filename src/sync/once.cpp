#include <tacit/sync/once.hpp>

#include <mutex>

#include <tacit/sync/granted_list.hpp>

namespace tacit::sync {

// Under lock_. If not, it is done or the caller's turn.
bool once::needs_wait() noexcept {
  if (is_done()) return false;
  return std::exchange(is_running_, true);
}

void once::end_turn(bool done) noexcept {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    if (done) {
      done_.store(true, base::memory_order_release);
      granted.add_all(line_);
    } else if (waiter* next = line_.grant_first()) {
      granted.add(*next);
    } else {
      is_running_ = false;
    }
  }
  granted.make_ready();
}

bool once::in_line::wait() noexcept {
  const std::lock_guard lock(once_.lock_);
  if (is_cancelled()) return false;
  if (once_.needs_wait()) {
    enqueue(once_.line_);
    return true;
  }
  accept();
  return false;
}

}  // namespace tacit::sync
