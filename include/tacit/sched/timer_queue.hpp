#pragma once

#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/poller.hpp>

namespace tacit::sched {

/// Something that happens at a time, unless it is cancelled before.
class timer {
 public:
  /// How on_expired() is called. `locked` is cheaper, and enough for making a coroutine ready.
  enum class calls : bool { locked, unlocked };

  explicit timer(calls how = calls::locked) noexcept : calls_(how) {}
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  /// Called when the time has come. Returns the time to be called again, or nullopt for no more.
  /// It is short, and with calls::locked it must not call the queue.
  ///
  /// Called with steady_time::max() when the queue closes.
  virtual std::optional<base::steady_time> on_expired(base::steady_time now) noexcept = 0;

 protected:
  ~timer() = default;

 private:
  friend class timer_queue;
  static constexpr std::size_t not_queued = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t being_called = not_queued - 1;  // Only with calls::unlocked.
  const calls calls_;
  std::size_t position_ = not_queued;  // Guarded by the queue's lock.
};

/// The timers of one worker: a heap ordered by time, four children to a node.
///
/// Threads:   any; each call takes the lock, which is uncontended as long as a worker's coroutines
///            stay with it.
/// Lifetime:  a timer is cancelled before it is destroyed. After cancel() returns it is not being
/// called.
class timer_queue {
 public:
  explicit timer_queue(const agent* owner = nullptr) noexcept : owner_(owner) {}

  /// Interrupts `owner_poller` when a thread other than the agent `owner` sets a timer that is
  /// earlier than the one which the owner may be waiting for. To be called before the owner runs.
  void interrupts(poller& owner_poller) noexcept { owner_poller_ = &owner_poller; }

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
  // The time stands beside the pointer, so that moving in the heap does not touch other timers'
  // memory to compare.
  struct entry {
    base::steady_time due;
    timer* which;
  };
  using lock = std::unique_lock<base::word_lock>;

  void call(timer& due, base::steady_time now, lock& held) noexcept;
  void place(const entry& moved, std::size_t position) noexcept;
  void rise(const entry& moved, std::size_t position) noexcept;
  void sink(const entry& moved, std::size_t position) noexcept;
  void remove_at(std::size_t position) noexcept;
  void publish_earliest() noexcept;

  // Read by the owner before each wait without the lock; the heap changes under it.
  base::atomic<base::steady_time::rep> earliest_{
      std::numeric_limits<base::steady_time::rep>::max()};
  const agent* owner_;
  poller* owner_poller_ = nullptr;
  base::word_lock lock_;
  bool closed_ = false;      // Guarded by lock_.
  std::vector<entry> heap_;  // Guarded by lock_.
};

}  // namespace tacit::sched
