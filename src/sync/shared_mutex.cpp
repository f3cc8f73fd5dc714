#include <tacit/sync/shared_mutex.hpp>

#include <cassert>
#include <mutex>

namespace tacit::sync {

shared_mutex::~shared_mutex() {
  // Whoever unlocked it last may still be about to leave lock_.
  const std::lock_guard lock(lock_);
  assert(!is_written_ && readers_ == 0 && line_.empty() &&
         "a shared mutex outlives who holds it and who waits for it");
}

bool shared_mutex::try_lock() noexcept {
  return try_take(access::exclusive);
}

bool shared_mutex::try_lock_shared() noexcept {
  return try_take(access::shared);
}

bool shared_mutex::try_take(access wanted) noexcept {
  const std::lock_guard lock(lock_);
  return line_.empty() && take(wanted);
}

// Under lock_.
bool shared_mutex::take(access wanted) noexcept {
  if (is_written_ || (wanted == access::exclusive && readers_ > 0)) return false;
  if (wanted == access::exclusive) {
    is_written_ = true;
  } else {
    ++readers_;
  }
  return true;
}

// Under lock_.
void shared_mutex::admit(granted_list& granted) noexcept {
  while (auto* first = static_cast<detail::shared_mutex_line*>(line_.first())) {
    if (!take(first->access_)) return;
    line_.grant(*first);
    granted.add(*first);
  }
}

void shared_mutex::unlock() noexcept {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    assert(is_written_);
    is_written_ = false;
    admit(granted);
  }
  granted.make_ready();
}

void shared_mutex::unlock_shared() noexcept {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    assert(readers_ > 0);
    --readers_;
    admit(granted);
  }
  granted.make_ready();
}

void shared_mutex::admit_after_cancel() noexcept {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    admit(granted);
  }
  granted.make_ready();
}

// True if it has to.
bool detail::shared_mutex_line::wait() noexcept {
  const std::lock_guard lock(mutex_.lock_);
  if (is_cancelled()) return false;
  if (mutex_.line_.empty() && mutex_.take(access_)) {
    accept();
    return false;
  }
  enqueue(mutex_.line_);
  return true;
}

}  // namespace tacit::sync
