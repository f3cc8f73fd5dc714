#include "bench/request_stream.hpp"

#include <algorithm>
#include <utility>

namespace tacit::bench {

request_stream::request_stream(std::unique_ptr<block_reader> from, unsigned takers,
                               std::size_t blocks_ahead)
    : from_{std::move(from)}, blocks_ahead_{blocks_ahead}, taken_(takers) {
  thread_ = std::thread{[this] { read(); }};
  // The first block takes as long as the reader's window is large: that is not to be waited for
  // once the clock runs.
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return is_read_ || !window_.empty(); });
}

request_stream::~request_stream() {
  {
    const std::lock_guard guard{mutex_};
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void request_stream::read() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return is_over_ || window_.size() < blocks_ahead_; });
    if (is_over_) return;
    lock.unlock();
    auto block = from_->next();
    lock.lock();
    is_read_ = block == nullptr;
    if (!is_read_) window_.push_back(std::move(block));
    changed_.notify_all();
    if (is_read_) return;
  }
}

std::shared_ptr<const request_block> request_stream::next(unsigned taker) {
  std::unique_lock lock{mutex_};
  auto& taken = taken_[taker];
  const auto is_there = [&] { return taken < window_begin_ + window_.size(); };
  changed_.wait(lock, [&] { return is_there() || is_read_; });
  if (!is_there()) return nullptr;
  auto out = window_[taken++ - window_begin_];
  while (!window_.empty() && *std::min_element(taken_.begin(), taken_.end()) > window_begin_) {
    window_.pop_front();
    ++window_begin_;
  }
  lock.unlock();
  changed_.notify_all();
  return out;
}

}  // namespace tacit::bench
