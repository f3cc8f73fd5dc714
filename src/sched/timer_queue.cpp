#include <tacit/sched/timer_queue.hpp>

#include <algorithm>

namespace tacit::sched {

bool timer_queue::set(timer& which, base::steady_time due) {
  bool is_first = false;
  {
    const lock held(lock_);
    if (closed_) return false;
    if (which.position_ == timer::not_queued) {
      heap_.push_back({due, &which});
      rise({due, &which}, heap_.size() - 1);
    } else if (due < heap_[which.position_].due) {
      rise({due, &which}, which.position_);
    } else {
      sink({due, &which}, which.position_);
    }
    publish_earliest();
    is_first = heap_.front().which == &which;
  }
  if (is_first && owner_poller_ && current_agent() != owner_) owner_poller_->interrupt();
  return true;
}

bool timer_queue::cancel(timer& which) noexcept {
  lock held(lock_);
  while (which.position_ == timer::being_called) {
    held.unlock();
    base::pause();
    held.lock();
  }
  if (which.position_ == timer::not_queued) return false;
  remove_at(which.position_);
  publish_earliest();
  return true;
}

std::size_t timer_queue::expire(base::steady_time now) noexcept {
  if (earliest_.load(base::memory_order_relaxed) > now.time_since_epoch().count()) return 0;
  lock held(lock_);
  std::size_t called = 0;
  while (!heap_.empty() && heap_.front().due <= now) {
    timer& due = *heap_.front().which;
    ++called;
    remove_at(0);
    call(due, now, held);
  }
  publish_earliest();
  return called;
}

// What a call wakes may destroy the timer at once: it is not touched again when it asks for no
// more. One that is called without the lock is held by its mark: cancel() waits until it is gone.
void timer_queue::call(timer& due, base::steady_time now, lock& held) noexcept {
  std::optional<base::steady_time> again;
  if (due.calls_ == timer::calls::unlocked) {
    due.position_ = timer::being_called;
    held.unlock();
    again = due.on_expired(now);
    held.lock();
    if (again && closed_ && now != base::steady_time::max()) {
      // Closed meanwhile, when the timer was not in the heap to be told.
      held.unlock();
      due.on_expired(base::steady_time::max());
      held.lock();
    }
    due.position_ = timer::not_queued;
  } else {
    again = due.on_expired(now);
  }
  if (!again || closed_) return;
  const base::steady_time next = std::max(*again, now + std::chrono::nanoseconds(1));
  heap_.push_back({next, &due});
  rise({next, &due}, heap_.size() - 1);
}

void timer_queue::close() noexcept {
  lock held(lock_);
  closed_ = true;
  while (!heap_.empty()) {
    timer& each = *heap_.back().which;
    remove_at(heap_.size() - 1);
    call(each, base::steady_time::max(), held);
  }
  publish_earliest();
}

std::optional<base::steady_time> timer_queue::earliest() const noexcept {
  const auto due = earliest_.load(base::memory_order_relaxed);
  if (due == std::numeric_limits<base::steady_time::rep>::max()) return std::nullopt;
  return base::steady_time(base::steady_time::duration(due));
}

void timer_queue::publish_earliest() noexcept {
  earliest_.store(heap_.empty() ? std::numeric_limits<base::steady_time::rep>::max()
                                : heap_.front().due.time_since_epoch().count(),
                  base::memory_order_relaxed);
}

void timer_queue::place(const entry& moved, std::size_t position) noexcept {
  heap_[position] = moved;
  moved.which->position_ = position;
}

void timer_queue::rise(const entry& moved, std::size_t position) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / fan_out;
    if (heap_[parent].due <= moved.due) break;
    place(heap_[parent], position);
    position = parent;
  }
  place(moved, position);
}

void timer_queue::sink(const entry& moved, std::size_t position) noexcept {
  for (;;) {
    const std::size_t first = position * fan_out + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + fan_out, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (heap_[child].due < heap_[least].due) least = child;
    }
    if (moved.due <= heap_[least].due) break;
    place(heap_[least], position);
    position = least;
  }
  place(moved, position);
}

void timer_queue::remove_at(std::size_t position) noexcept {
  heap_[position].which->position_ = timer::not_queued;
  const entry moved = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position > 0 && moved.due < heap_[(position - 1) / fan_out].due) {
    rise(moved, position);
  } else {
    sink(moved, position);
  }
}

}  // namespace tacit::sched
