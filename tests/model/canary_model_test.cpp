// Planted mistakes that the explorer has to find, and beside each the correct version, through
// which it has to come without a complaint. If one of these fails, no other model test means
// anything.

#include <gtest/gtest.h>

#include <cassert>

#include <tacit/base/atomic.hpp>

#include "model/explore.hpp"
#include "model/plain.hpp"

namespace tacit::model {
namespace {

using base::memory_order_acquire;
using base::memory_order_relaxed;
using base::memory_order_release;
using base::memory_order_seq_cst;

constexpr search small{.preemptions = 3, .stale_reads = 2};
constexpr search random_runs{.samples = 1000};

void count_twice(bool with_one_operation) {
  base::atomic<int> count{0};
  const auto increase = [&] {
    if (with_one_operation) {
      count.fetch_add(1, memory_order_relaxed);
    } else {
      count.store(count.load(memory_order_relaxed) + 1, memory_order_relaxed);
    }
  };
  together(increase, increase);
  require(count.load(memory_order_relaxed) == 2, "an increment is lost");
}

TEST(canary, finds_the_increment_that_is_lost) {
  expect_found(small, "an increment is lost", [] { count_twice(false); });
  expect_found(random_runs, "an increment is lost", [] { count_twice(false); });
  expect_holds(small, [] { count_twice(true); });
}

// The sleeper announces itself and looks for work; the producer publishes work and looks for a
// sleeper. With announcement and look swapped both may miss each other.
void park(bool announces_first) {
  base::atomic<bool> sleeps{false}, work{false};
  base::mutex lock;
  base::condition_variable woken;
  bool is_woken = false;
  together(
      [&] {
        if (announces_first) sleeps.store(true, memory_order_seq_cst);
        if (work.load(memory_order_seq_cst)) return;
        if (!announces_first) sleeps.store(true, memory_order_seq_cst);
        std::unique_lock held(lock);
        woken.wait(held, [&] { return is_woken; });
      },
      [&] {
        work.store(true, memory_order_seq_cst);
        if (!sleeps.load(memory_order_seq_cst)) return;
        const std::lock_guard held(lock);
        is_woken = true;
        woken.notify_one();
      });
}

TEST(canary, finds_the_wake_up_that_is_lost) {
  expect_found(small, "deadlock: T0 waits for a thread's end, T1 waits for a condition",
               [] { park(false); });
  expect_found(random_runs, "deadlock", [] { park(false); });
  expect_holds(small, [] { park(true); });
}

// Each says that it is there and looks for the other (Dekker). Both may miss the other unless
// all four accesses are seq_cst, or a fence stands between: store and load may change places.
void look_for_each_other(std::memory_order store, std::memory_order load, bool fence) {
  base::atomic<int> x{0}, y{0};
  int saw_y = 0, saw_x = 0;
  together(
      [&] {
        x.store(1, store);
        if (fence) base::fence_seq_cst();
        saw_y = y.load(load);
      },
      [&] {
        y.store(1, store);
        if (fence) base::fence_seq_cst();
        saw_x = x.load(load);
      });
  require(saw_x == 1 || saw_y == 1, "both miss each other");
}

TEST(canary, finds_the_store_that_is_still_buffered) {
  const auto relaxed = [] {
    look_for_each_other(memory_order_relaxed, memory_order_relaxed, false);
  };
  expect_found(small, "both miss", relaxed);
  expect_found(random_runs, "both miss", relaxed);
  expect_found(small, "both miss",
               [] { look_for_each_other(memory_order_release, memory_order_acquire, false); });
  expect_found(small, "both miss",
               [] { look_for_each_other(memory_order_release, memory_order_seq_cst, false); });
  expect_holds(small,
               [] { look_for_each_other(memory_order_seq_cst, memory_order_seq_cst, false); });
  expect_holds(small,
               [] { look_for_each_other(memory_order_relaxed, memory_order_relaxed, true); });
}

void hand_over(std::memory_order publish, std::memory_order look) {
  plain<int> message;
  base::atomic<bool> is_there{false};
  together(
      [&] {
        message.write(42);
        is_there.store(true, publish);
      },
      [&] {
        if (is_there.load(look)) require(message.read() == 42, "read before it was written");
      });
}

TEST(canary, finds_the_message_that_is_published_too_weakly) {
  expect_found(small, "race", [] { hand_over(memory_order_relaxed, memory_order_acquire); });
  expect_found(small, "race", [] { hand_over(memory_order_release, memory_order_relaxed); });
  expect_found(random_runs, "race", [] { hand_over(memory_order_release, memory_order_relaxed); });
  expect_holds(small, [] { hand_over(memory_order_release, memory_order_acquire); });
}

// What a release published is handed on by read-modify-writes of others, but not by their stores.
void hand_on(bool by_store) {
  plain<int> message;
  base::atomic<int> stage{0};
  together(
      [&] {
        message.write(42);
        stage.store(1, memory_order_release);
      },
      [&] {
        if (stage.load(memory_order_relaxed) != 1) return;
        if (by_store) {
          stage.store(2, memory_order_relaxed);
        } else {
          stage.fetch_add(1, memory_order_relaxed);
        }
      },
      [&] {
        if (stage.load(memory_order_acquire) == 2) static_cast<void>(message.read());
      });
}

TEST(canary, knows_release_sequences) {
  expect_found(small, "race", [] { hand_on(true); });
  expect_holds(small, [] { hand_on(false); });
}

// Two readers of two variables may disagree on which was written first, unless all is seq_cst.
void disagree(std::memory_order store, std::memory_order load, bool fence) {
  base::atomic<int> x{0}, y{0};
  int x_then_y = 0, y_then_x = 0;
  const auto look = [&](auto& first, auto& second, int& seen) {
    seen = first.load(load);
    if (fence) base::fence_seq_cst();
    seen = seen * 2 + second.load(load);
  };
  together([&] { x.store(1, store); }, [&] { y.store(1, store); }, [&] { look(x, y, x_then_y); },
           [&] { look(y, x, y_then_x); });
  require(x_then_y != 2 || y_then_x != 2, "readers disagree");
}

TEST(canary, knows_that_readers_may_disagree) {
  const search few{.preemptions = 1, .stale_reads = 2};
  expect_found(few, "disagree",
               [] { disagree(memory_order_release, memory_order_acquire, false); });
  expect_holds(few, [] { disagree(memory_order_seq_cst, memory_order_seq_cst, false); });
  expect_holds(few, [] { disagree(memory_order_relaxed, memory_order_relaxed, true); });
}

// A thread that has read a store does not read an older one afterwards.
TEST(canary, reads_of_one_variable_do_not_go_back) {
  expect_holds(small, [] {
    base::atomic<int> x{0};
    together(
        [&] {
          x.store(1, memory_order_relaxed);
          x.store(2, memory_order_relaxed);
        },
        [&] {
          const int first = x.load(memory_order_relaxed);
          require(first <= x.load(memory_order_relaxed), "time runs backwards");
        });
  });
}

TEST(canary, finds_two_mutexes_that_are_taken_crosswise) {
  const auto crosswise = [](bool same_order) {
    base::mutex a, b;
    const auto take = [](base::mutex& first, base::mutex& second) {
      const std::lock_guard outer(first);
      const std::lock_guard inner(second);
    };
    together([&] { take(a, b); }, [&] { same_order ? take(a, b) : take(b, a); });
  };
  expect_found(small, "deadlock", [&] { crosswise(false); });
  expect_holds(small, [&] { crosswise(true); });
}

TEST(canary, a_mutex_excludes_and_publishes) {
  expect_holds(small, [] {
    plain<int> count;
    base::mutex lock;
    const auto increase = [&] {
      const std::lock_guard held(lock);
      count.write(count.read() + 1);
    };
    together(increase, increase, increase);
    require(count.read() == 3, "an increment is lost");
  });
}

TEST(canary, finds_a_loop_that_does_not_end) {
  expect_found(search{.steps_max = 100}, "no end after 100 steps", [] {
    base::atomic<bool> ever{false};
    together([&] {
      while (!ever.load(memory_order_acquire))
        give_way();
    });
  });
}

TEST(canary, finds_the_assertion_that_does_not_hold) {
  expect_found(small, "assertion count.load() == 1", [] {
    base::atomic<int> count{1};
    together([&] { count.store(2); }, [&] { assert(count.load() == 1); });
  });
}

TEST(canary, a_weak_swap_may_fail_without_a_reason) {
  const auto swap = [](bool weak) {
    base::atomic<int> x{0};
    int expected = 0;
    require(weak ? x.compare_exchange_weak(expected, 1) : x.compare_exchange_strong(expected, 1),
            "it failed");
  };
  expect_found(small, "it failed", [&] { swap(true); });
  expect_holds(small, [&] { swap(false); });
}

TEST(canary, time_limits_do_not_hide_a_wake_up_that_is_lost) {
  expect_holds(small, [] {
    base::mutex lock;
    base::condition_variable changed;
    bool is_set = false;
    together(
        [&] {
          std::unique_lock held(lock);
          require(changed.wait_for(held, 1, [&] { return is_set; }), "time passed before others");
        },
        [&] {
          const std::lock_guard held(lock);
          is_set = true;
          changed.notify_one();
        });
    std::unique_lock held(lock);
    require(!changed.wait_for(held, 1, [] { return false; }), "time did not pass");
  });
}

// The schedule that is printed leads to the same failure, also by way of its text.
TEST(canary, a_failure_can_be_repeated) {
  const outcome found = explore(random_runs, [] { park(false); });
  ASSERT_TRUE(found.failed);
  const schedule copied = to_schedule(to_text(found.failed->decisions));
  const outcome again = repeat(random_runs, copied, [] { park(false); });
  ASSERT_TRUE(again.failed);
  EXPECT_EQ(again.failed->what, found.failed->what);
  EXPECT_EQ(again.failed->trace, found.failed->trace);
  EXPECT_FALSE(again.failed->trace.empty());
}

TEST(canary, the_same_seed_makes_the_same_runs) {
  const outcome first = explore({.samples = 200, .seed = 7}, [] { park(true); });
  const outcome second = explore({.samples = 200, .seed = 7}, [] { park(true); });
  const outcome other = explore({.samples = 200, .seed = 8}, [] { park(true); });
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_NE(first.steps, other.steps);
}

TEST(canary, a_body_that_depends_on_something_else_is_noticed) {
  int calls = 0;
  EXPECT_THROW(static_cast<void>(explore(small,
                                         [&calls] {
                                           base::atomic<int> x{0};
                                           const int extra = calls++ % 2;
                                           together([&] { x.store(1); },
                                                    [&] {
                                                      for (int i = 0; i < extra; ++i)
                                                        x.store(2);
                                                    });
                                         })),
               std::logic_error);
}

}  // namespace
}  // namespace tacit::model
