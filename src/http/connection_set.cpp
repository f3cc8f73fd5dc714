#include "http/connection_set.hpp"

namespace tacit::http {

connection_set::entry::entry(connection_set& set, io::stream& stream) : set_(set), stream_(stream) {
  const std::lock_guard lock(set_.mutex_);
  next_ = set_.first_;
  if (next_) next_->previous_ = this;
  set_.first_ = this;
  set_.size_.store(set_.size() + 1, base::memory_order_relaxed);
}

connection_set::entry::~entry() {
  const std::lock_guard lock(set_.mutex_);
  (previous_ ? previous_->next_ : set_.first_) = next_;
  if (next_) next_->previous_ = previous_;
  set_.size_.store(set_.size() - 1, base::memory_order_relaxed);
  // Under the lock: once it is released with nobody left, the set may be gone.
  if (!set_.first_) set_.changed_.notify_all();
}

void connection_set::entry::set_idle() noexcept {
  idle_.store(true, base::memory_order_seq_cst);
  if (set_.is_draining()) stream_.stop_reading();
}

void connection_set::drain() noexcept {
  draining_.store(true, base::memory_order_seq_cst);
  const std::lock_guard lock(mutex_);
  for (entry* each = first_; each; each = each->next_) {
    if (each->idle_.load(base::memory_order_seq_cst)) each->stream_.stop_reading();
  }
}

bool connection_set::wait_until_empty(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return first_ == nullptr || is_cut_; });
  return first_ == nullptr;
}

std::size_t connection_set::cut() noexcept {
  const std::lock_guard lock(mutex_);
  for (entry* each = first_; each; each = each->next_)
    each->stream_.abort();
  is_cut_ = true;
  changed_.notify_all();
  return size();
}

}  // namespace tacit::http
