// What a running coroutine makes ready runs next, but does not keep others waiting.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include <tacit/sched/yield.hpp>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"
#include "sched/ping_pong.hpp"

namespace tacit::sched {
namespace {

task<> note_after(event* awaited, std::string name, std::vector<std::string>* order) {
  EXPECT_FALSE(co_await *awaited);
  order->push_back(name);
}

task<> note_now(std::string name, std::vector<std::string>* order) {
  order->push_back(name);
  co_return;
}

TEST(next_slot, what_was_made_ready_last_runs_next) {
  const auto body = [](scheduler* on, std::vector<std::string>* order) -> task<> {
    event go;
    auto woken = on->spawn(note_after(&go, "woken", order));
    co_await yield();
    auto ring = on->spawn(note_now("ring", order));
    go.set();
    co_await std::move(ring);
    co_await std::move(woken);
  };
  std::vector<std::string> order;
  scheduler pool(with_workers(1));
  run_in(pool, body(&pool, &order));
  EXPECT_EQ(order, (std::vector<std::string>{"woken", "ring"}));
}

TEST(next_slot, the_one_before_goes_to_the_end_of_the_ring) {
  const auto body = [](scheduler* on, std::vector<std::string>* order) -> task<> {
    event first;
    event second;
    auto a = on->spawn(note_after(&first, "first", order));
    auto b = on->spawn(note_after(&second, "second", order));
    co_await yield();
    auto ring = on->spawn(note_now("ring", order));
    first.set();
    second.set();
    co_await std::move(ring);
    co_await std::move(a);
    co_await std::move(b);
  };
  std::vector<std::string> order;
  scheduler pool(with_workers(1));
  run_in(pool, body(&pool, &order));
  EXPECT_EQ(order, (std::vector<std::string>{"second", "ring", "first"}));
}

TEST(next_slot, goes_before_the_ring_at_most_three_times_in_a_row) {
  struct counts {
    ping_pong between;
    bool over = false;
    int passes = 0;
    std::vector<int> at;
  };
  const auto plays = [](counts* all) -> task<> {
    while (!all->over) {
      ++all->passes;
      co_await all->between.pass();
    }
    all->between.leave();
  };
  const auto ring = [](counts* all) -> task<> {
    for (int i = 0; i < 100; ++i) {
      all->at.push_back(all->passes);
      co_await yield();
    }
    all->over = true;
  };
  const auto body = [&](scheduler* on, counts* all) -> task<> {
    auto a = on->spawn(plays(all));
    auto b = on->spawn(plays(all));
    co_await on->spawn(ring(all));
    co_await std::move(a);
    co_await std::move(b);
  };
  counts all;
  scheduler pool(with_workers(1));
  run_in(pool, body(&pool, &all));
  for (std::size_t i = 1; i < all.at.size(); ++i) {
    // Three from the slot, and one that the third put into the ring.
    EXPECT_LE(all.at[i] - all.at[i - 1], 4) << i;
  }
  EXPECT_GT(all.passes, 100);
}

// A worker is stuck behind a run that waits, by blocking its thread, for the coroutine that it has
// just made ready. Only a thief can run that one.
TEST(next_slot, a_thief_runs_what_waits_behind_a_stuck_worker) {
  const auto unblocks = [](event* go, std::atomic<bool>* has_run) -> task<> {
    EXPECT_FALSE(co_await *go);
    has_run->store(true);
    has_run->notify_one();
  };
  const auto blocks = [&unblocks](scheduler* on, std::atomic<bool>* has_run) -> task<> {
    event go;
    auto waiting = on->spawn(unblocks(&go, has_run));
    while (go.waiters() == 0)
      co_await yield();
    go.set();
    has_run->wait(false);
    co_await std::move(waiting);
  };
  scheduler pool(with_workers(2));
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> has_run{false};
    run_in(pool, blocks(&pool, &has_run));
    EXPECT_TRUE(has_run.load());
  }
  EXPECT_GE(pool.statistics(0).steals + pool.statistics(1).steals, 20U);
}

// As above, after so many short runs that what is in the ring is left to its owner: one of the two
// lies there, the other in the next slot.
TEST(next_slot, a_thief_also_empties_the_ring_of_a_quick_worker_that_gets_stuck) {
  const auto unblocks = [](event* go, std::atomic<int>* left) -> task<> {
    EXPECT_FALSE(co_await *go);
    if (left->fetch_sub(1) == 1) left->notify_one();
  };
  const auto blocks = [&unblocks](scheduler* on, std::atomic<int>* left) -> task<> {
    event first;
    event second;
    auto a = on->spawn(unblocks(&first, left));
    auto b = on->spawn(unblocks(&second, left));
    while (first.waiters() + second.waiters() < 2)
      co_await yield();
    for (int i = 0; i < 1'000; ++i)
      co_await yield();
    first.set();
    second.set();
    for (int seen = 2; seen != 0; seen = left->load())
      left->wait(seen);
    co_await std::move(a);
    co_await std::move(b);
  };
  scheduler pool(with_workers(2));
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> left{2};
    run_in(pool, blocks(&pool, &left));
    EXPECT_EQ(left.load(), 0);
  }
}

}  // namespace
}  // namespace tacit::sched
