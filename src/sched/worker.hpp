#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <tacit/base/source_place.hpp>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/poller.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/timer_queue.hpp>

#include "observe/pause_watch.hpp"
#include "sched/fork_deque.hpp"
#include "sched/next_slot.hpp"
#include "sched/poll_turn.hpp"
#include "sched/run_queue.hpp"

namespace tacit::sched {

namespace detail {
class fork_join;
}

/// One thread of the scheduler: own work, injected work, stolen work, and waiting for more.
class worker final : public agent {
 public:
  worker(scheduler& owner, std::uint32_t index);

  void start();
  void join();
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] bool is_started() const noexcept { return thread_.joinable(); }

  /// From a worker of the same scheduler: that worker runs it, next if it can. From elsewhere:
  /// injected.
  void make_ready(runnable& ready) noexcept override;

  /// As make_ready, but it waits its turn, and an idle worker is asked to take it. For new roots.
  void start_root(runnable& ready) noexcept;

  /// Onto the end of the own ring, where an idle worker may take it. Own thread only.
  void start(runnable& ready) noexcept;

  /// Behind everything that is ready, and a look at the poller before the next run. Own thread
  /// only.
  void yield(runnable& yielding) noexcept;

  /// Own thread only. Returns how many there was room for.
  std::size_t fork(promise_base* const* children, std::size_t count) noexcept;
  promise_base* take_forked(const end_hook& hook) noexcept;

  /// Own thread only. How many children may run nested now, and whether the next one still may: see
  /// fork_join.hpp.
  [[nodiscard]] std::uint32_t nestable() noexcept {
    if (nesting_ == nesting_max || (forks_left_ <= 0 && !renew_forks())) return 0;
    return static_cast<std::uint32_t>(forks_left_);
  }
  [[nodiscard]] bool may_nest() const noexcept {
    return forks_.size_approx() >= forks_for_thieves_;
  }

  /// Own thread only. False if the running coroutine has had its share of operations that did not
  /// have to wait.
  bool spend_budget() noexcept { return --budget_ > 0; }

  /// Own thread only. What the running coroutine serves, where that is not in its note yet.
  void serves(std::uint64_t request) noexcept {
    request_.store(request, base::memory_order_relaxed);
  }

  void count_ended() noexcept { ended_.publish_one(); }

  [[nodiscard]] scheduler& owner() noexcept { return owner_; }
  [[nodiscard]] poller& waits_in() noexcept { return *poller_; }
  [[nodiscard]] timer_queue& timers() noexcept { return timers_; }
  [[nodiscard]] worker_statistics statistics() const noexcept;
  [[nodiscard]] bool has_ready() const noexcept {
    return queue_.size_approx() != 0 || share_.size_approx() != 0 || !forks_.empty_approx();
  }

  /// Whether there is something that a thief should take. What is in a short ring whose worker goes
  /// from run to run quickly has started there before a thief has woken up, and its data is still
  /// warm there.
  [[nodiscard]] bool has_work_for_thieves() const noexcept {
    return ring_is_worth_a_thief() || share_.size_approx() != 0 || !forks_.empty_approx();
  }

  [[nodiscard]] static worker* current() noexcept;

 private:
  friend class scheduler;
  friend class monitor;
  friend class pause_collector;
  friend class detail::fork_join;

  /// A counter with one writer: a relaxed load and store is a plain increment.
  class counter {
   public:
    void increase() noexcept { add(1); }
    void add(std::uint64_t more) noexcept {
      value_.store(value_.load(base::memory_order_relaxed) + more, base::memory_order_relaxed);
    }
    /// As increase(), and who sees it in value() sees what came before it.
    void publish_one() noexcept {
      value_.store(value_.load(base::memory_order_relaxed) + 1, base::memory_order_release);
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
      return value_.load(base::memory_order_acquire);
    }

   private:
    base::atomic<std::uint64_t> value_{0};
  };

  // Every so many runs the worker looks at its poller and the inject queue although its own queue
  // is not empty. tokio uses the same prime: it does not fall into step with loops in user code.
  static constexpr std::uint32_t fairness_interval = 61;
  // Reading the clock costs as much as a short run; between two readings there are at most this
  // many runs, and less if they last for longer together: so that a long one is known for one.
  static constexpr std::uint32_t runs_per_look_max = 16;
  static constexpr std::uint64_t look_interval_ns = 24'000;
  static constexpr std::chrono::milliseconds poll_interval{1};
  // How often in a row the next slot goes before the ring. tokio's figure.
  static constexpr std::uint32_t next_in_a_row_max = 3;
  // Operations that a coroutine may do without waiting before it yields. tokio's figure.
  static constexpr std::int32_t budget = 128;
  // Forked children that count as one run: some 20 us of the smallest ones.
  static constexpr std::int32_t forks_in_a_row_max = 1024;
  // Forks that wait for thieves before children run nested. Fewer, and thieves that take two at
  // once make the owner fork what is small; each costs the owner one fork more on the way down.
  static constexpr std::int64_t forks_for_thieves = 8;
  static constexpr std::int64_t never_nest = fork_deque::capacity + 1;
  // Nested children of nested children: some 300 bytes of stack each, and what they use themselves.
  static constexpr std::uint32_t nesting_max = 64;
  // Children that take longer on average are worth a fork, wherever they are: so their siblings can
  // be stolen meanwhile.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr std::chrono::nanoseconds short_fork{100'000};  // Everything is slower there.
#else
  static constexpr std::chrono::nanoseconds short_fork{1'000};
#endif
  // A worker that has not looked at its poller for so long is helped by one that has time.
  static constexpr std::chrono::microseconds poll_overdue{200};
  static constexpr int search_rounds = 4;
  // So many that expire at once may take as long as a run.
  static constexpr std::size_t timers_worth_a_look = 8;
  // A ring whose last one starts within this time is left to its owner: waking a thread takes
  // longer.
  static constexpr std::uint64_t left_to_owner_ns_max = 5'000;
  // At most so many, because the estimate is one of runs that are over.
  static constexpr std::uint32_t left_to_owner_max = 4;

  void run();
  void begin_run(const runnable& next) noexcept;
  runnable* next_ready();
  runnable* take_own() noexcept;
  runnable* take_next() noexcept;
  runnable* take_fork() noexcept;
  runnable* take_queued() noexcept;
  bool take_share() noexcept;
  runnable* take_injected() noexcept;
  runnable* found(runnable* ready) noexcept;
  runnable* search();
  runnable* steal_from(worker& victim) noexcept;
  runnable* steal_behind_long_runs(std::uint32_t searched) noexcept;
  [[nodiscard]] bool ring_is_worth_a_thief() const noexcept;
  [[nodiscard]] bool is_open_to_thieves() const noexcept;
  void withdraw_offer() noexcept;
  void look_between_runs() noexcept;
  void measure_pace() noexcept;
  bool poll_for(worker& victim);
  void look_at_clock() noexcept;
  void watch_pauses();
  void end_runs() noexcept;
  void end_poll(std::size_t completions) noexcept;
  [[nodiscard]] std::optional<base::steady_time> called_at() noexcept;
  bool renew_forks() noexcept;
  void poll();
  void park();
  std::size_t wait_in_poller(bool retired);
  void sit_out();
  void after_poll(std::size_t completions);
  void after_wait(std::size_t completions);
  void look_after_poll();
  void end_memory_period() noexcept;
  void wake(runnable& ready) noexcept;
  void push(runnable& ready) noexcept;
  [[nodiscard]] bool is_retired() const noexcept;
  void overflow(runnable& ready) noexcept;
  void count_depth() noexcept;
  std::uint32_t random() noexcept;

  scheduler& owner_;
  const std::uint32_t index_;
  std::unique_ptr<poller> poller_;
  timer_queue timers_;
  run_queue queue_;
  run_queue share_;  // Of what was injected. Filled when it is empty, at most to the half.
  fork_deque forks_;

  // What was made ready last. That it is open to thieves also goes for a ring that is left to its
  // owner.
  next_slot next_;
  base::atomic<bool> ring_is_offered_{false};  // By the monitor, for one theft.
  poll_turn polls_;
  base::atomic<std::uint64_t> pace_ns_{1'000'000};  // Of a run, on average over the last few.
  base::atomic<base::source_place> running_{};
  base::atomic<std::uint64_t> request_{0};
  base::atomic<base::steady_time::rep> longest_run_ns_{0};  // Written by the monitor.
  // When it was interrupted to take work while it slept; 0 once it has noticed.
  base::atomic<base::steady_time::rep> called_at_ns_{0};

  // This worker's thread only.
  base::steady_time last_poll_{};
  base::steady_time pace_since_{};
  base::steady_time memory_period_since_{};
  std::uint64_t runs_before_period_ = 0;
  std::uint64_t runs_at_release_ = 0;  // When the pools' memory was given away last.
  std::uint64_t runs_at_pace_ = 0;
  std::uint64_t runs_at_look_ = 0;
  std::uint32_t runs_until_look_ = runs_per_look_max;
  std::optional<base::steady_time> wait_ends_{};  // What the last wait was for, beside I/O.
  observe::pause_watch pauses_;
  std::vector<std::uint64_t> runs_seen_;  // Of each worker, at the beginning of a search.
  std::uint32_t tick_ = 0;
  std::uint32_t next_in_a_row_ = 0;
  std::int32_t forks_left_ = forks_in_a_row_max;
  std::int32_t budget_ = budget;
  std::uint32_t nesting_ = 0;
  std::int64_t forks_for_thieves_ = never_nest;  // Unless forks were short lately.
  base::steady_time forks_since_{};              // The last time that forks_left_ was renewed.
  std::uint32_t random_state_;
  bool searching_ = false;
  bool in_poller_ = false;
  bool poll_next_ = false;
  bool forks_first_ = false;
  bool share_first_ = false;

  counter runs_, steals_, polls_stolen_, injected_, parks_, overflows_;
  counter started_, ended_;  // Roots.
  std::array<counter, 9> depths_;
  base::atomic<pid_t> thread_id_{0};  // For a look at the stack.
  base::thread thread_;
};

}  // namespace tacit::sched
