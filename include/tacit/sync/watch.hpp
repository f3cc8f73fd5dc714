#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/sync/publication.hpp>

namespace tacit::sync {

/// A value that changes, and who waits for it to change: a configuration, a state.
///
/// A subscriber gets the newest value, and may miss those in between. Each get() and receive()
/// copies the value, under a lock that is shared with set(): for what is dear to copy, use a
/// shared_ptr<const T>.
///
/// Threads:   get(), set(), close() and subscribe() from any; a subscription has one owner.
/// Lifetime:  outlives its subscriptions.
/// Cancel:    a receive() that has to wait gives the cause, and the subscription has lost nothing.
template <class T>
class watch {
 public:
  class subscription;

  explicit watch(T value) : value_(std::move(value)) {}

  /// False, and nothing changes, if it is closed.
  bool set(T value);

  [[nodiscard]] T get() const {
    const std::lock_guard lock(lock_);
    return value_;
  }

  /// Subscribers get the last value if they have not seen it, then errc::closed.
  void close();

  /// One that has seen the present value.
  [[nodiscard]] subscription subscribe() noexcept { return {*this, changes_.count()}; }

 private:
  mutable base::mutex lock_;
  T value_;                      // Guarded by lock_.
  detail::publication changes_;  // Published under lock_.
};

template <class T>
class watch<T>::subscription {
 public:
  using received = published<T>;

  /// `while (auto changed = co_await s.receive()) use(*changed);`
  [[nodiscard]] auto receive() noexcept {
    return detail::receive_awaiter<subscription>(*this, of_->changes_, "watch", seen_);
  }

  /// As receive(), with errc::would_block instead of a wait.
  [[nodiscard]] received try_receive();

 private:
  friend class watch;
  subscription(watch& of, std::uint64_t seen) noexcept : of_(&of), seen_(seen) {}

  watch* of_;
  std::uint64_t seen_;
};

template <class T>
bool watch<T>::set(T value) {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    if (changes_.is_closed()) return false;
    std::swap(value_, value);  // The old one ends without the lock.
    changes_.publish(granted);
  }
  granted.make_ready();
  return true;
}

template <class T>
void watch<T>::close() {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    changes_.close(granted);
  }
  granted.make_ready();
}

template <class T>
auto watch<T>::subscription::try_receive() -> received {
  const std::lock_guard lock(of_->lock_);
  const std::uint64_t changes = of_->changes_.count();
  if (seen_ == changes) {
    return received(of_->changes_.is_closed() ? base::errc::closed : base::errc::would_block);
  }
  received changed(of_->value_, changes - seen_ - 1);
  seen_ = changes;
  return changed;
}

}  // namespace tacit::sync
