#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/memory/mode.hpp>
#include <tacit/sched/join.hpp>
#include <tacit/sched/poller.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::sched {

class worker;
class idle;
class inject_queue;

struct scheduler_options {
  /// Worker threads; 0 means one per CPU of available_cpus().
  std::uint32_t workers = 0;

  /// Where coroutine frames come from.
  memory::mode memory = memory::mode::arena;

  /// Makes what worker `index` waits in. Called once per worker, before any of them runs.
  std::function<std::unique_ptr<poller>(std::uint32_t index)> make_poller = [](std::uint32_t) {
    return std::make_unique<waiting_room>();
  };
};

/// Counters of one worker since it started. Each is exact on its own; together they are no
/// snapshot.
struct worker_statistics {
  std::uint64_t runs = 0;         ///< Coroutines resumed.
  std::uint64_t steals = 0;       ///< Times it took work from another worker.
  std::uint64_t injected = 0;     ///< Coroutines taken from the inject queue.
  std::uint64_t parks = 0;        ///< Times it waited in its poller.
  std::uint64_t overflows = 0;    ///< Coroutines its full ring sent to the inject queue.
  std::uint32_t queue_depth = 0;  ///< Ready coroutines in its ring now.
};

/// Runs coroutines on a fixed number of worker threads, which steal work from each other.
///
/// Each worker has a ring of ready coroutines, timers and a poller. It runs its own work first,
/// then injected work, then takes half of another worker's; with nothing left it waits in its
/// poller.
///
/// Threads:   spawn() from any thread; stop() once, not from a worker.
/// Lifetime:  outlives every join handle's await. The destructor calls stop() without grace.
class scheduler final : root_observer {
 public:
  /// Starts the workers. Throws std::system_error if threads cannot be had.
  explicit scheduler(const scheduler_options& options = {});
  ~scheduler();
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// Starts `body` as a root coroutine: on the calling worker's queue, or by way of the inject
  /// queue from any other thread.
  template <class T>
  join_handle<T> spawn(task<T> body) {
    auto root = detail::make_root(std::move(body));
    auto& promise = root.frame.promise();
    join_handle<T> handle{root.frame};
    promise.observer = this;
    start(promise.start);
    return handle;
  }

  /// Stops in order: sleeping tasks are woken (their sleep reports cancelled), running ones go on
  /// until they end or `grace` is over, then the threads are joined. Returns how many root tasks
  /// had not ended; their frames are given up, not destroyed, because operations under way may
  /// still refer to them.
  std::size_t stop(std::chrono::nanoseconds grace);

  [[nodiscard]] std::uint32_t workers() const noexcept {
    return static_cast<std::uint32_t>(workers_.size());
  }
  [[nodiscard]] poller& poller_of(std::uint32_t worker) noexcept;
  [[nodiscard]] worker_statistics statistics(std::uint32_t worker) const noexcept;
  [[nodiscard]] std::uint64_t injected_waiting() const noexcept;
  [[nodiscard]] std::size_t live_roots() const noexcept;

  /// True once stop() was called.
  [[nodiscard]] bool is_stopping() const noexcept;

 private:
  friend class worker;

  void start(runnable& ready) noexcept;
  void inject(runnable& ready) noexcept;
  void wake_one() noexcept;
  [[nodiscard]] bool has_ready_work() const noexcept;
  void on_root_ended() noexcept override;

  const memory::mode memory_;
  std::unique_ptr<idle> idle_;
  std::unique_ptr<inject_queue> injected_;
  std::vector<std::unique_ptr<worker>> workers_;
  base::atomic<std::size_t> live_roots_{0};
  base::atomic<bool> stopping_{false};  // No new waits.
  base::atomic<bool> halted_{false};    // Workers leave.
  base::mutex stop_mutex_;
  base::condition_variable all_ended_;
};

}  // namespace tacit::sched
