#include "sched/idle.hpp"

#include <gtest/gtest.h>

#include <tacit/sched/poller.hpp>

#include "model/work_item.hpp"
#include "sched/inject_queue.hpp"
#include "sched/run_queue.hpp"

namespace tacit::sched {
namespace {

using model::search;
using model::work_item;

/// The scheduler with nothing but its queues and its parking: the loop of worker.cpp around items
/// instead of coroutines. A wake-up that is lost leaves every worker waiting: a deadlock.
template <std::uint32_t Workers, std::uint32_t Items>
class small_scheduler {
 public:
  small_scheduler() {
    for (auto& each : items_)
      each.prepare();
  }

  /// From a thread that is no worker.
  void inject(std::uint32_t item) {
    injected_.push(items_[item]);
    wake_one();
  }

  /// From a worker.
  void push(std::uint32_t worker, std::uint32_t item) {
    if (!queues_[worker].push(items_[item])) injected_.push(items_[item]);
    wake_one();
  }

  /// Until every item has run. `on_run` is called by the worker that runs an item.
  template <class OnRun>
  void work(std::uint32_t me, OnRun on_run) {
    bool searching = false;
    while (!halted_.load(base::memory_order_relaxed)) {
      if (runnable* next = find(me, searching)) {
        if (std::exchange(searching, false) && idle_.leave_search() && has_ready_work()) wake_one();
        run(*next, me, on_run);
        continue;
      }
      const bool was_last_searcher = idle_.park(me, std::exchange(searching, false));
      if (was_last_searcher && has_ready_work()) wake_one();
      rooms_[me].wait(std::nullopt);
      searching = idle_.unpark(me);
    }
  }
  void work(std::uint32_t me) {
    work(me, [](std::uint32_t, std::uint32_t) {});
  }

  /// What a timer or a completion without work does: it ends the wait, and nobody was chosen.
  void interrupt(std::uint32_t worker) { rooms_[worker].interrupt(); }

  void check() const {
    for (const auto& each : items_)
      model::require(each.has_run(), "an item was not run");
  }

 private:
  runnable* find(std::uint32_t me, bool& searching) {
    if (runnable* own = queues_[me].pop()) return own;
    if (runnable* from_outside = injected_.pop()) return from_outside;
    if (!searching) searching = idle_.enter_search();
    if (!searching) return nullptr;
    for (std::uint32_t i = 1; i < Workers; ++i) {
      if (runnable* taken = queues_[(me + i) % Workers].steal_into(queues_[me])) return taken;
    }
    return injected_.pop();
  }

  template <class OnRun>
  void run(runnable& taken, std::uint32_t me, OnRun on_run) {
    auto& item = static_cast<work_item&>(taken);
    item.run();
    on_run(me, static_cast<std::uint32_t>(&item - items_));
    if (left_.fetch_sub(1, base::memory_order_acq_rel) != 1) return;
    halted_.store(true, base::memory_order_seq_cst);
    for (auto& each : rooms_)
      each.interrupt();
  }

  void wake_one() {
    if (const auto sleeper = idle_.take_sleeper()) rooms_[*sleeper].interrupt();
  }
  bool has_ready_work() const {
    if (injected_.size() != 0) return true;
    for (const auto& each : queues_) {
      if (each.size_approx() != 0) return true;
    }
    return false;
  }

  inject_queue injected_;
  basic_run_queue<2> queues_[Workers];
  idle idle_{Workers};
  waiting_room rooms_[Workers];
  base::atomic<bool> halted_{false};
  base::atomic<std::uint32_t> left_{Items};
  work_item items_[Items];
};

TEST(idle_model, work_from_outside_wakes_the_only_worker) {
  model::expect_holds(search{.preemptions = 3, .stale_reads = 2}, [] {
    small_scheduler<1, 2> pool;
    model::together([&] { pool.work(0); },
                    [&] {
                      pool.inject(0);
                      pool.inject(1);
                    });
    pool.check();
  });
}

TEST(idle_model, work_from_outside_wakes_one_of_two_workers) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    small_scheduler<2, 2> pool;
    model::together([&] { pool.work(0); }, [&] { pool.work(1); },
                    [&] {
                      pool.inject(0);
                      pool.inject(1);
                    });
    pool.check();
  });
}

TEST(idle_model, work_from_two_producers_wakes_one_of_two_workers) {
  model::expect_holds(search{.preemptions = 1, .stale_reads = 1}, [] {
    small_scheduler<2, 2> pool;
    model::together([&] { pool.work(0); }, [&] { pool.work(1); }, [&] { pool.inject(0); },
                    [&] { pool.inject(1); });
    pool.check();
  });
}

// The first item makes the others ready, on the ring of the worker that runs it.
TEST(idle_model, work_that_a_worker_makes_is_run) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    small_scheduler<2, 3> pool;
    const auto on_run = [&](std::uint32_t worker, std::uint32_t item) {
      for (std::uint32_t made = 1; item == 0 && made < 3; ++made)
        pool.push(worker, made);
    };
    model::together([&] { pool.work(0, on_run); }, [&] { pool.work(1, on_run); },
                    [&] { pool.inject(0); });
    pool.check();
  });
}

// A worker that is stuck in an item keeps nothing to itself: the other one is there for it.
TEST(idle_model, what_a_stuck_worker_makes_is_run_by_another) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    small_scheduler<2, 2> pool;
    base::atomic<bool> second_ran{false};
    const auto on_run = [&](std::uint32_t worker, std::uint32_t item) {
      if (item == 0) {
        pool.push(worker, 1);
        second_ran.wait(false, base::memory_order_relaxed);
      } else {
        second_ran.store(true, base::memory_order_relaxed);
        second_ran.notify_one();
      }
    };
    model::together([&] { pool.work(0, on_run); }, [&] { pool.work(1, on_run); },
                    [&] { pool.inject(0); });
    pool.check();
  });
}

TEST(idle_model, what_comes_from_outside_while_a_worker_is_stuck_is_run_by_another) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    small_scheduler<2, 2> pool;
    base::atomic<bool> second_ran{false};
    const auto on_run = [&](std::uint32_t, std::uint32_t item) {
      if (item == 0) {
        second_ran.wait(false, base::memory_order_relaxed);
      } else {
        second_ran.store(true, base::memory_order_relaxed);
        second_ran.notify_one();
      }
    };
    model::together([&] { pool.work(0, on_run); }, [&] { pool.work(1, on_run); },
                    [&] {
                      pool.inject(0);
                      pool.inject(1);
                    });
    pool.check();
  });
}

TEST(idle_model, a_wait_may_end_for_other_reasons) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 0}, [] {
    small_scheduler<2, 2> pool;
    model::together([&] { pool.work(0); }, [&] { pool.work(1); },
                    [&] {
                      pool.interrupt(0);
                      pool.inject(0);
                      pool.interrupt(1);
                      pool.inject(1);
                    });
    pool.check();
  });
}

TEST(idle_model, long_random_runs_end) {
  model::expect_holds(search{.samples = 20'000}, [] {
    small_scheduler<3, 9> pool;
    const auto on_run = [&](std::uint32_t worker, std::uint32_t item) {
      if (item >= 3) return;
      pool.push(worker, 3 + 2 * item);
      pool.push(worker, 4 + 2 * item);
    };
    model::together([&] { pool.work(0, on_run); }, [&] { pool.work(1, on_run); },
                    [&] { pool.work(2, on_run); },
                    [&] {
                      pool.inject(0);
                      pool.inject(1);
                    },
                    [&] { pool.inject(2); });
    pool.check();
  });
}

}  // namespace
}  // namespace tacit::sched
