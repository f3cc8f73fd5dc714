#include <tacit/sync/publication.hpp>

#include <cassert>
#include <mutex>

namespace tacit::sync::detail {

publication::~publication() {
  assert(line_.empty() && "a broadcast or watch outlives who waits for it");
}

void publication::publish(granted_list& granted) noexcept {
  const std::lock_guard lock(lock_);
  // Release: the value comes before its number.
  count_.store(count_.load(base::memory_order_relaxed) + 1, base::memory_order_release);
  granted.add_all(line_);
}

void publication::close(granted_list& granted) noexcept {
  const std::lock_guard lock(lock_);
  closed_.store(true, base::memory_order_release);
  granted.add_all(line_);
}

// True if it has to.
bool publication::next_awaiter::wait() noexcept {
  const std::lock_guard lock(what_.lock_);
  if (is_cancelled()) return false;
  if (!what_.has_news(seen_)) {
    enqueue(what_.line_);
    return true;
  }
  accept();
  return false;
}

}  // namespace tacit::sync::detail
