// Coroutines for which there is always something to do still let others run.

#include <gtest/gtest.h>

#include <atomic>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/when_all.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/hand_fed_poller.hpp"
#include "sched/on_workers.hpp"

namespace tacit::sched {
namespace {

TEST(budget, is_spent_after_a_bounded_number_of_operations_and_renewed_by_a_yield) {
  const auto body = []() -> task<> {
    co_await yield();
    for (int round = 0; round < 3; ++round) {
      int operations = 0;
      while (this_worker::spend_budget())
        ++operations;
      EXPECT_GT(operations, 10);
      EXPECT_LE(operations, 128);
      co_await yield();
    }
  };
  run_on(1, body());
}

TEST(budget, a_thread_that_is_no_worker_has_no_end_of_it) {
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(this_worker::spend_budget());
}

task<> fork_until(const std::atomic<bool>* flag) {
  const auto nothing = []() -> task<> { co_return; };
  while (!flag->load())
    co_await when_all(nothing(), nothing());
}

TEST(budget, forking_children_without_end_does_not_starve_the_ring) {
  const auto sets = [](std::atomic<bool>* flag) -> task<> {
    flag->store(true);
    co_return;
  };
  const auto body = [&sets](scheduler* on, std::atomic<bool>* flag) -> task<> {
    on->spawn(sets(flag)).detach();
    co_await fork_until(flag);
  };
  std::atomic<bool> flag{false};
  scheduler pool(with_workers(1));
  run_in(pool, body(&pool, &flag));
  EXPECT_TRUE(flag.load());
}

TEST(budget, forking_children_without_end_does_not_starve_the_poller) {
  const auto sets_after = [](operation* awaited, std::atomic<bool>* flag) -> task<> {
    co_await *awaited;
    flag->store(true);
  };
  const auto body = [&sets_after](scheduler* on, std::atomic<bool>* flag) -> task<> {
    operation reads(static_cast<hand_fed_poller&>(on->poller_of(0)));
    reads.complete();
    auto waiting = on->spawn(sets_after(&reads, flag));
    co_await fork_until(flag);
    co_await std::move(waiting);
  };
  std::atomic<bool> flag{false};
  scheduler pool(with_hand_fed_pollers(1));
  run_in(pool, body(&pool, &flag));
  EXPECT_TRUE(flag.load());
}

TEST(budget, forking_children_without_end_does_not_starve_what_is_injected) {
  const auto sets = [](std::atomic<bool>* flag) -> task<> {
    flag->store(true);
    co_return;
  };
  std::atomic<bool> flag{false};
  scheduler pool(with_workers(1));
  auto forking = pool.spawn(fork_until(&flag));
  auto setting = pool.spawn(sets(&flag));
  block_on(joined(std::move(forking)));
  block_on(joined(std::move(setting)));
  EXPECT_TRUE(flag.load());
}

}  // namespace
}  // namespace tacit::sched
