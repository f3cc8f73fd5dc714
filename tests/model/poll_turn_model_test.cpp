#include "sched/poll_turn.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "model/work_item.hpp"
#include "sched/idle.hpp"
#include "sched/inject_queue.hpp"
#include "sched/run_queue.hpp"

namespace tacit::sched {
namespace {

using model::require;
using model::search;
using model::work_item;

/// For a thief, every owner has not polled for too long.
constexpr base::steady_time always = base::steady_time::max();

/// A poller that is fed by hand. As with Asio's, whoever polls takes an interrupt with it.
///
/// Not for two threads at a time: that they are in it is found as a race.
class fed_poller {
 public:
  void complete(work_item& operation) {
    const std::lock_guard lock(mutex_);
    completed_.push_back(&operation);
    changed_.notify_one();
  }
  void interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    changed_.notify_one();
  }
  [[nodiscard]] bool has_completed() {
    const std::lock_guard lock(mutex_);
    return !completed_.empty();
  }

  template <class Into>
  bool poll(Into into) {
    polls_.write(polls_.read() + 1);
    std::unique_lock lock(mutex_);
    return take(into);
  }
  template <class Into>
  void wait(Into into) {
    polls_.write(polls_.read() + 1);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return interrupted_ || !completed_.empty(); });
    take(into);
    polls_.write(polls_.read() + 1);
  }

 private:
  template <class Into>
  bool take(Into into) {
    interrupted_ = false;
    const std::vector<work_item*> taken = std::exchange(completed_, {});
    for (work_item* each : taken)
      into(*each);
    return !taken.empty();
  }

  base::mutex mutex_;
  base::condition_variable changed_;
  bool interrupted_ = false;  // Guarded by mutex_, as is the next.
  std::vector<work_item*> completed_;
  model::plain<int> polls_;
};

constexpr search all{.preemptions = 3, .stale_reads = 2};

/// An owner that sleeps until there is work, a producer that looks whether it sleeps, and a thief.
template <bool TurnFirst>
void sleep_while_a_thief_polls() {
  fed_poller poller;
  poll_turn polls;
  base::atomic<bool> announced{false}, work{false};
  const auto nothing = [](work_item&) {};
  const auto announce_and_look = [&] {
    announced.store(true, base::memory_order_seq_cst);
    return work.load(base::memory_order_seq_cst);
  };
  const auto sleep = [&] {
    if (!TurnFirst && announce_and_look()) return;
    const std::lock_guard polling(polls);
    polls.fall_asleep();
    if (!TurnFirst || !announce_and_look()) poller.wait(nothing);
    polls.wake_up();
  };
  const auto produce = [&] {
    work.store(true, base::memory_order_seq_cst);
    if (announced.load(base::memory_order_seq_cst)) poller.interrupt();
  };
  const auto steal = [&] {
    if (!polls.try_steal(always)) return;
    poller.poll(nothing);
    polls.unlock();
  };
  model::together(sleep, produce, steal);
}

TEST(poll_turn_model, the_interrupt_of_a_sleeper_is_left_to_it) {
  model::expect_holds(all, sleep_while_a_thief_polls<true>);
}

TEST(poll_turn_canary, finds_a_sleep_that_is_announced_without_the_turn) {
  model::expect_found(all, "deadlock", sleep_while_a_thief_polls<false>);
}

// As a timer that is set from outside, or a halt: the interrupt comes whether the owner sleeps or
// not. A thief may take it, but then the owner sees what it was sent for.
template <bool LooksWithTheTurn>
void sleep_when_an_interrupt_may_be_taken() {
  fed_poller poller;
  poll_turn polls;
  base::atomic<bool> changed{false};
  const auto nothing = [](work_item&) {};
  model::together(
      [&] {
        bool seen = changed.load(base::memory_order_relaxed);
        const std::lock_guard polling(polls);
        polls.fall_asleep();
        if (LooksWithTheTurn) seen = changed.load(base::memory_order_relaxed);
        if (!seen) poller.wait(nothing);
        polls.wake_up();
      },
      [&] {
        changed.store(true, base::memory_order_relaxed);
        poller.interrupt();
      },
      [&] {
        if (!polls.try_steal(always)) return;
        poller.poll(nothing);
        polls.unlock();
      });
}

TEST(poll_turn_model, an_interrupt_that_a_thief_takes_is_not_missed) {
  model::expect_holds(all, sleep_when_an_interrupt_may_be_taken<true>);
}

TEST(poll_turn_canary, finds_a_look_without_the_turn) {
  model::expect_found(all, "deadlock", sleep_when_an_interrupt_may_be_taken<false>);
}

/// Two workers that poll for each other: the loop of worker.cpp, of which only injected work and
/// completions are left.
class polling_pair {
 public:
  explicit polling_pair(bool takes_turns) : takes_turns_(takes_turns) {
    for (auto& each : items)
      each.prepare();
  }

  void inject(work_item& item) {
    injected_.push(item);
    wake_one();
  }
  void complete(std::uint32_t at, work_item& operation) { pollers_[at].complete(operation); }

  /// What the monitor does about a worker that has not polled for long.
  void look_after(std::uint32_t worker) {
    if (pollers_[worker].has_completed() && idle_.seems_worth_waking()) wake_one();
  }

  /// Until both items have run. `on_run` is called after each.
  template <class OnRun>
  void work(std::uint32_t me, OnRun on_run) {
    bool searching = false;
    while (left_.load(base::memory_order_acquire) != 0) {
      if (runnable* next = find(me, searching)) {
        if (std::exchange(searching, false) && idle_.leave_search() && injected_.size() != 0)
          wake_one();
        run(static_cast<work_item&>(*next), on_run);
      } else {
        searching = park(me, std::exchange(searching, false));
      }
    }
  }

  work_item items[2];

 private:
  runnable* find(std::uint32_t me, bool& searching) {
    if (runnable* own = queues_[me].pop()) return own;
    if (runnable* from_outside = injected_.pop()) return from_outside;
    if (!searching) searching = idle_.enter_search();
    if (!searching) return nullptr;
    const std::uint32_t other = 1 - me;
    if (runnable* stolen = queues_[other].steal_into(queues_[me])) return stolen;
    if (takes_turns_ && !turns_[other].try_steal(always)) return nullptr;
    pollers_[other].poll([&](work_item& each) { queues_[me].push(each); });
    if (takes_turns_) turns_[other].unlock();
    return queues_[me].pop();
  }

  bool park(std::uint32_t me, bool was_searching) {
    const std::lock_guard polling(turns_[me]);
    turns_[me].fall_asleep();
    if (idle_.park(me, was_searching) && injected_.size() != 0) wake_one();
    if (left_.load(base::memory_order_seq_cst) != 0)
      pollers_[me].wait([&](work_item& each) { queues_[me].push(each); });
    const bool searching = idle_.unpark(me);
    turns_[me].wake_up();
    return searching;
  }

  template <class OnRun>
  void run(work_item& item, OnRun on_run) {
    item.run();
    on_run(item);
    if (left_.fetch_sub(1, base::memory_order_seq_cst) != 1) return;
    for (auto& each : pollers_)
      each.interrupt();
  }

  void wake_one() {
    if (const auto sleeper = idle_.take_sleeper()) pollers_[*sleeper].interrupt();
  }

  const bool takes_turns_;
  inject_queue injected_;
  basic_run_queue<2> queues_[2];
  idle idle_{2};
  fed_poller pollers_[2];
  poll_turn turns_[2];
  base::atomic<std::uint32_t> left_{2};
};

// The first item holds the worker that runs it until the second has run, which completes at that
// worker's poller.
void complete_at_a_stuck_worker() {
  polling_pair pool(true);
  base::atomic<bool> second_has_run{false};
  base::atomic<bool> done{false};
  const auto work_as = [&](std::uint32_t me) {
    pool.work(me, [&, me](const work_item& item) {
      if (&item == &pool.items[0]) {
        pool.complete(me, pool.items[1]);
        second_has_run.wait(false, base::memory_order_relaxed);
      } else {
        second_has_run.store(true, base::memory_order_relaxed);
        second_has_run.notify_one();
      }
    });
    done.store(true, base::memory_order_relaxed);
  };
  model::together([&] { work_as(0); }, [&] { work_as(1); },
                  [&] {
                    pool.inject(pool.items[0]);
                    while (!done.load(base::memory_order_relaxed)) {
                      pool.look_after(0);
                      pool.look_after(1);
                      model::give_way();
                    }
                  });
  require(pool.items[0].has_run() && pool.items[1].has_run(), "an item was not run");
}

TEST(poll_turn_model, what_completes_at_a_stuck_worker_is_run_by_another) {
  model::expect_holds(search{.samples = 4'000}, complete_at_a_stuck_worker);
  model::expect_holds(search{.preemptions = 1, .stale_reads = 0}, complete_at_a_stuck_worker);
}

template <bool TakesTurns>
void complete_and_inject() {
  polling_pair pool(TakesTurns);
  const auto nothing = [](const work_item&) {};
  model::together([&] { pool.work(0, nothing); }, [&] { pool.work(1, nothing); },
                  [&] {
                    pool.complete(0, pool.items[0]);
                    pool.inject(pool.items[1]);
                  });
  require(pool.items[0].has_run() && pool.items[1].has_run(), "an item was not run");
}

TEST(poll_turn_model, one_polls_at_a_time_and_nothing_is_missed) {
  model::expect_holds(search{.preemptions = 1, .stale_reads = 1}, complete_and_inject<true>);
  model::expect_holds(search{.samples = 10'000}, complete_and_inject<true>);
}

TEST(poll_turn_canary, finds_two_that_poll_at_a_time) {
  model::expect_found(search{.samples = 10'000}, "race", complete_and_inject<false>);
}

}  // namespace
}  // namespace tacit::sched
