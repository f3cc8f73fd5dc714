#include <tacit/sched/timer_queue.hpp>

#include <algorithm>
#include <utility>

namespace tacit::sched {

bool timer_queue::set(timer& which, base::steady_time due) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  if (which.position_ == timer::not_queued) {
    heap_.push_back(&which);
    which.due_ = due;
    rise(which, heap_.size() - 1);
  } else {
    const bool earlier = due < which.due_;
    which.due_ = due;
    earlier ? rise(which, which.position_) : sink(which, which.position_);
  }
  publish_earliest();
  if (heap_.front() == &which && owner_poller_ && current_agent() != owner_) {
    owner_poller_->interrupt();
  }
  return true;
}

bool timer_queue::cancel(timer& which) noexcept {
  const std::lock_guard lock(mutex_);
  if (which.position_ == timer::not_queued) return false;
  remove_at(which.position_);
  publish_earliest();
  return true;
}

std::size_t timer_queue::expire(base::steady_time now) noexcept {
  if (earliest_.load(base::memory_order_relaxed) > now.time_since_epoch().count()) return 0;
  const std::lock_guard lock(mutex_);
  std::size_t called = 0;
  while (!heap_.empty() && heap_.front()->due_ <= now) {
    timer& due = *heap_.front();
    ++called;
    // What it wakes may destroy the timer at once: it is not touched again when it asks for no
    // more.
    remove_at(0);
    if (const auto again = due.on_expired(now)) {
      due.due_ = std::max(*again, now + std::chrono::nanoseconds(1));
      heap_.push_back(&due);
      rise(due, heap_.size() - 1);
    }
  }
  publish_earliest();
  return called;
}

void timer_queue::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (timer* each : heap_)
    each->position_ = timer::not_queued;
  for (timer* each : std::exchange(heap_, {}))
    each->on_expired(base::steady_time::max());
  publish_earliest();
}

std::optional<base::steady_time> timer_queue::earliest() const noexcept {
  const auto due = earliest_.load(base::memory_order_relaxed);
  if (due == std::numeric_limits<base::steady_time::rep>::max()) return std::nullopt;
  return base::steady_time(base::steady_time::duration(due));
}

void timer_queue::publish_earliest() noexcept {
  earliest_.store(heap_.empty() ? std::numeric_limits<base::steady_time::rep>::max()
                                : heap_.front()->due_.time_since_epoch().count(),
                  base::memory_order_relaxed);
}

void timer_queue::place(timer& which, std::size_t position) noexcept {
  heap_[position] = &which;
  which.position_ = position;
}

void timer_queue::rise(timer& which, std::size_t position) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / fan_out;
    if (heap_[parent]->due_ <= which.due_) break;
    place(*heap_[parent], position);
    position = parent;
  }
  place(which, position);
}

void timer_queue::sink(timer& which, std::size_t position) noexcept {
  for (;;) {
    const std::size_t first = position * fan_out + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + fan_out, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (heap_[child]->due_ < heap_[least]->due_) least = child;
    }
    if (which.due_ <= heap_[least]->due_) break;
    place(*heap_[least], position);
    position = least;
  }
  place(which, position);
}

void timer_queue::remove_at(std::size_t position) noexcept {
  heap_[position]->position_ = timer::not_queued;
  timer* moved = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position > 0 && moved->due_ < heap_[(position - 1) / fan_out]->due_) {
    rise(*moved, position);
  } else {
    sink(*moved, position);
  }
}

}  // namespace tacit::sched
