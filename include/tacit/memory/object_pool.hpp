#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/word_lock.hpp>

namespace tacit::memory {

namespace detail {

/// Numbers threads from 0 in the order in which they ask.
[[nodiscard]] std::uint32_t thread_number() noexcept;

/// A bounded stack of objects that nobody uses. Threads: any; nothing is made or destroyed under
/// its lock.
template <class T>
class alignas(base::cache_line_bytes) shelf {
 public:
  explicit shelf(std::size_t kept_max) : kept_max_(kept_max) { kept_.reserve(kept_max); }

  /// The object put here last, or null.
  [[nodiscard]] std::unique_ptr<T> take() noexcept {
    const std::lock_guard guard(lock_);
    if (kept_.empty()) return nullptr;
    auto object = std::move(kept_.back());
    kept_.pop_back();
    fewest_ = std::min(fewest_, kept_.size());
    return object;
  }

  /// Gives the object back to the caller if there is no room.
  [[nodiscard]] std::unique_ptr<T> put(std::unique_ptr<T> object) noexcept {
    const std::lock_guard guard(lock_);
    if (kept_.size() < kept_max_) kept_.push_back(std::move(object));
    return object;
  }

  /// Those that nobody has needed since the last call.
  [[nodiscard]] std::vector<std::unique_ptr<T>> take_unused() {
    std::vector<std::unique_ptr<T>> unused;
    unused.reserve(kept_max_);
    const std::lock_guard guard(lock_);
    const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(fewest_);
    std::move(kept_.begin(), end, std::back_inserter(unused));
    kept_.erase(kept_.begin(), end);
    fewest_ = kept_.size();
    return unused;
  }

  [[nodiscard]] std::size_t size() const noexcept {
    const std::lock_guard guard(lock_);
    return kept_.size();
  }

 private:
  const std::size_t kept_max_;
  mutable base::word_lock lock_;          // Guards the rest.
  std::vector<std::unique_ptr<T>> kept_;  // The warmest is last.
  std::size_t fewest_ = 0;                // Since the last take_unused().
};

}  // namespace detail

template <class T>
struct object_pool_options {
  /// Makes an object when none is kept. May throw; get() then does.
  std::function<std::unique_ptr<T>()> make = [] { return std::make_unique<T>(); };

  /// Called with an object that comes back, by the thread that brings it: it drops what the last
  /// user left. Null for none. Must not throw.
  std::function<void(T&)> reset = {};

  std::size_t kept_per_thread_max = 32;  ///< Kept apart for each CPU's worth of threads.
  std::size_t kept_shared_max = 256;     ///< Kept for all threads beyond that.
};

/// Objects that are dear to make, kept for the next who needs one: bounded, warm ones first.
///
/// get() lends an object; it comes back when the lease ends. It is kept near the thread that brings
/// it, then for all threads, and is destroyed where both are full. A pool never waits and bounds
/// what is kept, not what is lent; to bound that, use a semaphore.
///
/// trim() destroys what nobody has needed since the call before: after a burst, the second call
/// finds it. Call it now and then from a thread that runs no coroutines.
///
/// Threads:   get, trim and kept from any; leases end on any.
/// Lifetime:  outlives its leases. lease::release() keeps an object for good.
template <class T>
class object_pool {
 public:
  using options = object_pool_options<T>;

  struct give_back {
    object_pool* pool = nullptr;
    void operator()(T* object) const noexcept { pool->take_back(std::unique_ptr<T>(object)); }
  };
  /// An object on loan. Moved as any unique_ptr.
  using lease = std::unique_ptr<T, give_back>;

  explicit object_pool(options settings = {})
      : settings_(std::move(settings)), shared_(settings_.kept_shared_max) {
    const auto cpus = std::clamp(std::thread::hardware_concurrency(), 1U, near_max);
    const std::size_t count = std::bit_ceil(cpus);
    near_.reserve(count);
    while (near_.size() != count)
      near_.push_back(std::make_unique<detail::shelf<T>>(settings_.kept_per_thread_max));
  }
  object_pool(const object_pool&) = delete;
  object_pool& operator=(const object_pool&) = delete;

  [[nodiscard]] lease get() {
    auto object = near().take();
    if (!object) object = shared_.take();
    if (!object) object = settings_.make();
    return lease(object.release(), give_back{this});
  }

  /// Destroys what was kept and not needed since the last call. Gives how many.
  std::size_t trim() {
    std::size_t count = shared_.take_unused().size();
    for (auto& each : near_)
      count += each->take_unused().size();
    return count;
  }

  /// How many objects are kept now.
  [[nodiscard]] std::size_t kept() const noexcept {
    std::size_t count = shared_.size();
    for (const auto& each : near_)
      count += each->size();
    return count;
  }

 private:
  static constexpr unsigned near_max = 64;

  [[nodiscard]] detail::shelf<T>& near() noexcept {
    return *near_[detail::thread_number() & (near_.size() - 1)];
  }
  void take_back(std::unique_ptr<T> object) noexcept {
    if (settings_.reset) settings_.reset(*object);
    object = near().put(std::move(object));
    if (object) object = shared_.put(std::move(object));
  }

  const options settings_;
  detail::shelf<T> shared_;
  std::vector<std::unique_ptr<detail::shelf<T>>> near_;  // One per CPU, rounded up.
};

}  // namespace tacit::memory
