#pragma once

#include <utility>

#include <tacit/base/error.hpp>

namespace tacit::sync {

/// What a lock gives to who awaited it: it is held until the guard is destroyed or unlocked, or
/// there is an error() that says why it was not had.
///
/// Threads:   one owner; it may be unlocked on another thread than it was locked on.
/// Lifetime:  the lock outlives the guard.
template <class Lock, void (Lock::*Unlock)() noexcept>
class [[nodiscard]] guard {
 public:
  guard() = default;
  /// Of a lock that the caller holds and hands over.
  explicit guard(Lock& held) noexcept : held_(&held) {}
  explicit guard(base::error_code why_not) noexcept : error_(why_not) {}
  guard(guard&& other) noexcept
      : held_(std::exchange(other.held_, nullptr)), error_(other.error_) {}
  guard& operator=(guard&& other) noexcept {
    std::swap(held_, other.held_);
    std::swap(error_, other.error_);
    return *this;
  }
  ~guard() { unlock(); }

  /// Whether it holds the lock.
  explicit operator bool() const noexcept { return held_ != nullptr; }
  [[nodiscard]] const base::error_code& error() const noexcept { return error_; }
  [[nodiscard]] Lock* lock() const noexcept { return held_; }

  /// Gives the lock back early.
  void unlock() noexcept {
    if (Lock* held = release()) (held->*Unlock)();
  }

  /// Gives up the duty to unlock: the caller does it.
  Lock* release() noexcept { return std::exchange(held_, nullptr); }

 private:
  Lock* held_ = nullptr;
  base::error_code error_;
};

}  // namespace tacit::sync
