#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <tacit/base/atomic.hpp>

#include "sched/worker.hpp"

namespace tacit::sched {

/// The workers of a scheduler, which find each other here. Spare ones are made when they are first
/// called: each is some pages, and most never are.
///
/// Threads: any; add() from one at a time.
class worker_set {
 public:
  explicit worker_set(std::uint32_t size_max)
      : size_max_(size_max), all_(std::make_unique<std::unique_ptr<worker>[]>(size_max)) {}

  [[nodiscard]] std::uint32_t size_max() const noexcept { return size_max_; }

  /// Of those that have been made. They come in the order of their index.
  [[nodiscard]] std::uint32_t size() const noexcept {
    return size_.load(base::memory_order_acquire);
  }
  [[nodiscard]] worker& operator[](std::size_t index) const noexcept { return *all_[index]; }

  /// Those that have been made by now.
  [[nodiscard]] std::span<const std::unique_ptr<worker>> all() const noexcept {
    return {all_.get(), size()};
  }

  /// The next one, not started. Throws what making these throws.
  worker& add(scheduler& owner) {
    const std::uint32_t index = size_.load(base::memory_order_relaxed);
    all_[index] = std::make_unique<worker>(owner, index);
    size_.store(index + 1, base::memory_order_release);
    return *all_[index];
  }

 private:
  const std::uint32_t size_max_;
  const std::unique_ptr<std::unique_ptr<worker>[]> all_;
  base::atomic<std::uint32_t> size_{0};
};

}  // namespace tacit::sched
