#include <tacit/sync/semaphore.hpp>

#include <cassert>
#include <mutex>

namespace tacit::sync {

semaphore::~semaphore() {
  assert(line_.empty() && "a semaphore outlives who waits for it");
}

semaphore::permits semaphore::try_acquire(std::size_t count) noexcept {
  return try_take(count) ? permits(*this, count) : permits();
}

bool semaphore::try_take(std::size_t count) noexcept {
  const std::lock_guard lock(lock_);
  return take(count);
}

// Under lock_.
bool semaphore::take(std::size_t count) noexcept {
  if (!line_.empty() || available_ < count) return false;
  available_ -= count;
  return true;
}

void semaphore::release(std::size_t count) noexcept {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    available_ += count;
    while (auto* first = static_cast<acquire_awaiter*>(line_.first())) {
      if (first->count_ > available_) break;
      available_ -= first->count_;
      line_.grant(*first);
      granted.add(*first);
    }
  }
  granted.make_ready();
}

std::size_t semaphore::available() const noexcept {
  const std::lock_guard lock(lock_);
  return available_;
}

// True if it has to.
bool semaphore::acquire_awaiter::wait() noexcept {
  const std::lock_guard lock(from_.lock_);
  if (is_cancelled()) return false;
  if (from_.take(count_)) {
    accept();
    return false;
  }
  enqueue(from_.line_);
  return true;
}

}  // namespace tacit::sync
