#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/sync/publication.hpp>

namespace tacit::sync {

/// Hands each value to every subscriber: a ring of the last `capacity` values, at which each
/// subscriber reads at its own pace.
///
/// send() never waits. A subscriber that is more than the ring behind goes on with the oldest value
/// held, and is told with it how many it missed.
///
/// Each receive copies the value, under a lock that is shared with send(): for what is dear to
/// copy, use a shared_ptr<const T>. The ring is allocated once.
///
/// Threads:   send(), close() and subscribe() from any; a subscription has one owner.
/// Lifetime:  outlives its subscriptions.
/// Cancel:    a receive() that has to wait gives the cause, and the subscription has lost nothing.
template <class T>
class broadcast {
 public:
  class subscription;

  /// `capacity` is not 0.
  explicit broadcast(std::size_t capacity) : ring_(capacity) { assert(capacity > 0); }

  /// False, and nobody gets it, if it is closed.
  bool send(T value);

  /// Subscribers get what the ring holds, then errc::closed.
  void close();

  /// One that gets what is sent from now on.
  [[nodiscard]] subscription subscribe() noexcept { return {*this, sent_.count()}; }

 private:
  base::mutex lock_;
  std::vector<std::optional<T>> ring_;  // Guarded by lock_. Number n is in slot n % capacity.
  detail::publication sent_;            // Published under lock_.
};

template <class T>
class broadcast<T>::subscription {
 public:
  using received = published<T>;

  /// `while (auto item = co_await s.receive()) use(*item);`
  [[nodiscard]] auto receive() noexcept {
    return detail::receive_awaiter<subscription>(*this, from_->sent_, "broadcast", next_);
  }

  /// As receive(), with errc::would_block instead of a wait.
  [[nodiscard]] received try_receive();

 private:
  friend class broadcast;
  subscription(broadcast& from, std::uint64_t next) noexcept : from_(&from), next_(next) {}

  broadcast* from_;
  std::uint64_t next_;
};

template <class T>
bool broadcast<T>::send(T value) {
  std::optional<T> overwritten(std::move(value));  // Ends without the lock.
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    if (sent_.is_closed()) return false;
    std::swap(ring_[sent_.count() % ring_.size()], overwritten);
    sent_.publish(granted);
  }
  granted.make_ready();
  return true;
}

template <class T>
void broadcast<T>::close() {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    sent_.close(granted);
  }
  granted.make_ready();
}

template <class T>
auto broadcast<T>::subscription::try_receive() -> received {
  const std::lock_guard lock(from_->lock_);
  const std::uint64_t sent = from_->sent_.count();
  if (next_ == sent) {
    return received(from_->sent_.is_closed() ? base::errc::closed : base::errc::would_block);
  }
  const std::uint64_t held = std::min<std::uint64_t>(sent, from_->ring_.size());
  const std::uint64_t number = std::max(next_, sent - held);
  received item(*from_->ring_[number % from_->ring_.size()], number - next_);
  next_ = number + 1;
  return item;
}

}  // namespace tacit::sync
