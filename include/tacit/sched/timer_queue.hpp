#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/poller.hpp>

namespace tacit::sched {

/// Something that happens at a time, unless it is cancelled before.
class timer {
 public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  /// Called when the time has come. Returns the time to be called again, or nullopt for no more.
  /// It runs under the queue's lock: it must be short and must not call the queue.
  virtual std::optional<base::steady_time> on_expired(base::steady_time now) noexcept = 0;

 protected:
  ~timer() = default;

 private:
  friend class timer_queue;
  static constexpr std::size_t not_queued = std::numeric_limits<std::size_t>::max();
  base::steady_time due_{};  // Guarded by the queue's lock, as is position_.
  std::size_t position_ = not_queued;
};

/// The timers of one worker: a heap ordered by time, four children to a node.
///
/// Threads:   any; each call takes the lock, which is uncontended as long as a worker's coroutines
///            stay with it.
/// Lifetime:  a timer is cancelled before it is destroyed. After cancel() returns it is not being
/// called.
class timer_queue {
 public:
  /// Interrupts `owner_poller`, if given, when a thread other than the agent `owner` sets a timer
  /// that is earlier than the one which the owner may be waiting for.
  explicit timer_queue(const agent* owner = nullptr, poller* owner_poller = nullptr) noexcept
      : owner_(owner), owner_poller_(owner_poller) {}

  /// Adds the timer or, if it is in the queue, changes its time. False if the queue is closed.
  bool set(timer& which, base::steady_time due);

  /// Takes the timer out. False if it was not in the queue: it has expired, or was never added.
  bool cancel(timer& which) noexcept;

  /// Calls what is due, and returns how many it called.
  std::size_t expire(base::steady_time now) noexcept;

  /// Takes no more timers, and calls every one that it holds as if its time had come, once.
  void close() noexcept;

  [[nodiscard]] std::optional<base::steady_time> earliest() const noexcept;

 private:
  static constexpr std::size_t fan_out = 4;
  void place(timer& which, std::size_t position) noexcept;
  void rise(timer& which, std::size_t position) noexcept;
  void sink(timer& which, std::size_t position) noexcept;
  void remove_at(std::size_t position) noexcept;

  // Read by the owner before each wait without the lock; the heap changes under it.
  base::atomic<base::steady_time::rep> earliest_{
      std::numeric_limits<base::steady_time::rep>::max()};
  void publish_earliest() noexcept;
  const agent* owner_;
  poller* owner_poller_;
  base::mutex mutex_;
  bool closed_ = false;       // Guarded by mutex_.
  std::vector<timer*> heap_;  // Guarded by mutex_.
};

}  // namespace tacit::sched
