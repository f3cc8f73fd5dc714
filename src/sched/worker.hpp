#pragma once

#include <cstdint>
#include <memory>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/poller.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/timer_queue.hpp>

#include "sched/run_queue.hpp"

namespace tacit::sched {

/// One thread of the scheduler: own queue, injected work, stolen work, and waiting for more.
class worker final : public agent {
 public:
  worker(scheduler& owner, std::uint32_t index, std::unique_ptr<poller> waits_in);

  void start();
  void join();

  /// From this worker: onto its ring. From another worker of the same scheduler: onto that one's,
  /// since it is awake. From elsewhere: injected.
  void make_ready(runnable& ready) noexcept override;

  /// Onto the end of the own ring, and a look at the poller before the next run. Own thread only.
  void yield(runnable& yielding) noexcept;

  [[nodiscard]] scheduler& owner() noexcept { return owner_; }
  [[nodiscard]] poller& waits_in() noexcept { return *poller_; }
  [[nodiscard]] timer_queue& timers() noexcept { return timers_; }
  [[nodiscard]] base::steady_time coarse_now() const noexcept { return now_; }
  [[nodiscard]] worker_statistics statistics() const noexcept;
  [[nodiscard]] bool has_ready() const noexcept { return queue_.size_approx() != 0; }

  [[nodiscard]] static worker* current() noexcept;

 private:
  /// A counter with one writer: a relaxed load and store is a plain increment.
  class counter {
   public:
    void increase() noexcept {
      value_.store(value_.load(base::memory_order_relaxed) + 1, base::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
      return value_.load(base::memory_order_relaxed);
    }

   private:
    base::atomic<std::uint64_t> value_{0};
  };

  // Every so many runs the worker looks at its poller and the inject queue although its own queue
  // is not empty. tokio uses the same prime: it does not fall into step with loops in user code.
  static constexpr std::uint32_t fairness_interval = 61;

  void run();
  runnable* next_ready();
  runnable* found(runnable* ready) noexcept;
  runnable* steal() noexcept;
  void poll();
  void park();
  void after_poll();
  void push(runnable& ready) noexcept;
  std::uint32_t random() noexcept;

  scheduler& owner_;
  const std::uint32_t index_;
  std::unique_ptr<poller> poller_;
  timer_queue timers_;
  run_queue queue_;

  // This worker's thread only.
  base::steady_time now_{};
  std::uint32_t tick_ = 0;
  std::uint32_t random_state_;
  bool searching_ = false;
  bool in_poller_ = false;
  bool poll_next_ = false;

  counter runs_, steals_, injected_, parks_, overflows_;
  base::thread thread_;
};

}  // namespace tacit::sched
