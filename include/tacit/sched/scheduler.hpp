#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tacit/base/source_place.hpp>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/memory/mode.hpp>
#include <tacit/sched/available_cpus.hpp>
#include <tacit/sched/blocking.hpp>
#include <tacit/sched/join.hpp>
#include <tacit/sched/poller.hpp>
#include <tacit/sched/stall.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::observe {
class pause_recorder;
}

namespace tacit::sched {

class worker;
class worker_set;
class idle;
class inject_queue;
class monitor;
class pause_collector;

struct scheduler_options {
  /// Worker threads; 0 means one per available CPU (affinity mask and cgroup quota). Then a quota
  /// that is lowered later makes workers sit out, and one that is raised brings them back, or
  /// further ones, up to the affinity mask of the start.
  std::uint32_t workers = 0;

  /// Whether the constructor starts all there is to start. Otherwise it starts the first worker,
  /// which runs what is spawned, and complete() the rest: for who does not want that to wait while
  /// limits are read and further threads are made.
  bool starts_whole = true;

  /// Where coroutine frames come from.
  memory::mode memory = memory::mode::arena;

  /// Whether idle workers take work, and the poll, from others. Off is thread per core: only to
  /// measure what stealing is worth.
  bool stealing = true;

  /// Threads that stand by for when every worker is held by a long run: then one of them goes on
  /// with what is ready and what completes, the next one if that is held too, and the kernel shares
  /// the CPUs out. 0: work waits until a worker is free. A thread is started when it is first
  /// needed. Only with stealing.
  std::uint32_t spare_workers = 0;

  /// A coroutine that keeps a worker for longer than this is reported as a stall. Zero: never.
  std::chrono::nanoseconds stall_bound = std::chrono::milliseconds(20);

  /// How long memory of frames, chunks and buffers that nobody uses is kept before it goes back to
  /// the kernel. Zero: for ever.
  std::chrono::milliseconds uncommit_delay = std::chrono::seconds(10);

  /// Called on the monitor's thread, at the time that it gave last or soon after, and at every look
  /// while workers are awake: who keeps the memory of the process in bounds. `is_quiet` says that
  /// no worker was awake. Empty: a memory::reclaimer does it.
  std::function<base::steady_time(base::steady_time now, bool is_quiet)> keep_memory = {};

  /// Threads for `co_await blocking(…)`.
  blocking_pool_options blocking = {};

  /// Whether pauses of the workers are recorded. Off only to measure what that costs.
  bool record_pauses = true;

  /// What to call a request in the record of pauses, by its number. Called on the monitor's thread.
  std::function<std::string(std::uint64_t)> name_request = {};

  /// Told of each stall that is reported, on the monitor's thread.
  std::function<void(const stall&)> on_stall = {};

  /// Makes what worker `index` waits in. Called once per worker: before any of them runs, and for a
  /// spare one when it is first called, on the monitor's thread.
  std::function<std::unique_ptr<poller>(std::uint32_t index)> make_poller = [](std::uint32_t) {
    return std::make_unique<waiting_room>();
  };
};

/// Counters of one worker since it started. Each is exact on its own; together they are no
/// snapshot.
struct worker_statistics {
  std::uint64_t runs = 0;                   ///< Coroutines resumed.
  std::uint64_t steals = 0;                 ///< Times it took work from another worker.
  std::uint64_t polls_stolen = 0;           ///< Times it polled for another worker.
  std::uint64_t injected = 0;               ///< Coroutines taken from the inject queue.
  std::uint64_t parks = 0;                  ///< Times it waited in its poller.
  std::uint64_t overflows = 0;              ///< Coroutines its full ring sent to the inject queue.
  std::uint32_t queue_depth = 0;            ///< Ready coroutines in its ring now.
  std::chrono::nanoseconds longest_run{0};  ///< As the monitor saw it.

  /// How often the ring held 0, 1, 2-3, 4-7, … 128 or more when the worker looked at its poller.
  std::array<std::uint64_t, 9> queue_depths{};
};

/// What else to say about a coroutine that is spawned.
struct spawn_options {
  const char* name = nullptr;     ///< A static text for the listing of live coroutines.
  cancel_scope* scope = nullptr;  ///< What it runs under; null for nothing. Outlives it.
};

/// Runs coroutines on worker threads, which steal work from each other.
///
/// Each worker has a ring of ready coroutines, a slot for the one made ready last, a deque of
/// forked children, timers and a poller. It runs its own work first, then injected work, then takes
/// from another worker, also what a stuck worker's poller has to say; with nothing left it waits in
/// its own poller. docs/scheduler.md has the whole picture.
///
/// Threads:   spawn() from any thread; stop() once, not from a worker.
/// Lifetime:  outlives every join handle's await. The destructor calls stop() without grace.
class scheduler final : end_hook {
 public:
  /// Starts the workers. Throws std::system_error if threads cannot be had.
  explicit scheduler(const scheduler_options& options = {});
  ~scheduler();
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// Starts `body` as a root coroutine: on the calling worker's queue, or by way of the inject
  /// queue from any other thread.
  template <class T>
  join_handle<T> spawn(task<T> body, spawn_options options = {},
                       base::source_place place = base::source_place::current()) {
    auto& promise = body.promise();
    promise.be_root(*this, options.scope);
    promise.note().describe_root(options.name, place);
    memory::note(promise.note().now, memory::frame_note::state::ready);
    join_handle<T> handle{body.release()};
    start(promise.self);
    return handle;
  }

  /// Starts what the constructor has left out, if it has: the workers behind the first, as many as
  /// the limits allow, and the monitor, which sends help to workers that are held, reports stalls
  /// and looks after the memory. `groups` are the control groups, if somebody has found them
  /// already. Once, by who made the scheduler. Throws std::system_error if threads cannot be had;
  /// what has been started runs on.
  void complete(const base::cgroup_finder* groups = nullptr);

  /// Stops in order: sleeping tasks are woken (their sleep reports cancelled), running ones go on
  /// until they end or `grace` is over, then the threads are joined. Returns how many root tasks
  /// had not ended; their frames are given up, not destroyed, because operations under way may
  /// still refer to them.
  std::size_t stop(std::chrono::nanoseconds grace);

  /// One per CPU that there was, or as many as were asked for; 1 until complete(). It grows when
  /// the quota is raised above what it was.
  [[nodiscard]] std::uint32_t workers() const noexcept { return limit().cpus; }

  /// What workers() may grow to.
  [[nodiscard]] std::uint32_t workers_max() const noexcept { return workers_max_; }

  /// Threads that stand by; they come after the workers in statistics().
  [[nodiscard]] std::uint32_t spare_workers() const noexcept {
    return options_.stealing ? options_.spare_workers : 0;
  }
  [[nodiscard]] poller& poller_of(std::uint32_t worker) noexcept;
  [[nodiscard]] worker_statistics statistics(std::uint32_t worker) const noexcept;
  [[nodiscard]] std::uint64_t injected_waiting() const noexcept;

  /// Workers that run coroutines: fewer than workers() while the CPU quota is lower than it was,
  /// and more while spare ones are called.
  [[nodiscard]] std::uint32_t active_workers() const noexcept {
    return active_.load(base::memory_order_relaxed);
  }

  /// What bounds the number of workers.
  [[nodiscard]] const cpu_limit& limit() const noexcept {
    return *limit_.load(base::memory_order_acquire);
  }

  /// Threads for work that blocks. None is started before it is used.
  [[nodiscard]] blocking_pool& blocking_threads() noexcept { return *blocking_; }
  [[nodiscard]] std::uint64_t stalls() const noexcept;

  /// What is recorded of the pauses of the workers, the spare ones behind the others; null if
  /// nothing is. At most some milliseconds old.
  [[nodiscard]] const observe::pause_recorder* pauses() const noexcept { return pauses_.get(); }

  /// Another thread holds a lock of the scheduler for so long while the caller, and whoever comes
  /// by, waits for it: to show that it is noticed.
  void plant_lock_pause(std::chrono::nanoseconds length);

  /// Spawned tasks that have not ended. Whoever reads 0 sees all that they did.
  [[nodiscard]] std::size_t live_roots() const noexcept;

  /// True once stop() was called.
  [[nodiscard]] bool is_stopping() const noexcept;

 private:
  friend class worker;
  friend class worker_set;
  friend class monitor;
  friend class pause_collector;

  void start(runnable& ready) noexcept;
  void set_active(std::uint32_t workers);
  void grow_to(cpu_limit limit);
  void inject(runnable& ready) noexcept;
  void inject_all(runnable& first, runnable& last, std::uint64_t count) noexcept;
  void wake_one() noexcept;
  [[nodiscard]] bool has_ready_work() const noexcept;
  std::coroutine_handle<> on_ended(promise_base& ended) noexcept override;

  const scheduler_options options_;
  const std::uint32_t workers_max_;
  std::optional<cpu_quota_watch> quota_;  // Where workers follow it. The monitor's, once it runs.
  std::vector<std::unique_ptr<const cpu_limit>> limits_;  // One for each that workers() has had.
  base::atomic<const cpu_limit*> limit_{nullptr};         // The last of them.
  base::atomic<std::uint32_t> active_{0};
  std::unique_ptr<observe::pause_recorder> pauses_;
  std::unique_ptr<idle> idle_;
  std::unique_ptr<inject_queue> injected_;
  std::unique_ptr<worker_set> workers_;
  std::unique_ptr<monitor> monitor_;
  std::unique_ptr<blocking_pool> blocking_;         // Goes first: its jobs resume coroutines.
  base::atomic<std::uint64_t> started_outside_{0};  // Roots, by threads that are no workers.
  base::atomic<bool> stopping_{false};              // No new waits.
  base::atomic<bool> halted_{false};                // Workers leave.
};

}  // namespace tacit::sched
