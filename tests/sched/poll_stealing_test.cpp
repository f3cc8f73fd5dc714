// A worker that is stuck in a long run does not look at its poller; another one does it instead.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/timer_queue.hpp>

#include "sched/hand_fed_poller.hpp"
#include "sched/on_workers.hpp"

namespace tacit::sched {
namespace {

task<> await_operation(operation* awaited, std::atomic<bool>* has_run) {
  co_await *awaited;
  has_run->store(true);
  has_run->notify_one();
}

// Keeps its worker, without a suspension, until a completion on that worker's own poller has been
// handled: only another worker can start the coroutine that waits for it, and poll.
task<> stuck_until_handled(scheduler* on) {
  operation reads(static_cast<hand_fed_poller&>(*this_worker::current_poller()));
  std::atomic<bool> has_run{false};
  auto waiting = on->spawn(await_operation(&reads, &has_run));
  while (!reads.is_awaited())
    std::this_thread::yield();
  reads.complete();
  has_run.wait(false);
  co_await std::move(waiting);
}

std::uint64_t polls_stolen(const scheduler& pool) {
  std::uint64_t all = 0;
  for (std::uint32_t i = 0; i < pool.workers(); ++i)
    all += pool.statistics(i).polls_stolen;
  return all;
}

TEST(poll_stealing, a_completion_on_a_stuck_workers_poller_is_run_elsewhere) {
  scheduler pool(with_hand_fed_pollers(2));
  for (int round = 0; round < 20; ++round)
    run_in(pool, stuck_until_handled(&pool));
  EXPECT_GE(polls_stolen(pool), 20U);
}

// All workers but one are stuck, each until its own poller has been polled.
TEST(poll_stealing, one_worker_polls_for_all_others) {
  scheduler pool(with_hand_fed_pollers(4));
  std::vector<join_handle<>> handles;
  for (int i = 0; i < 3; ++i)
    handles.push_back(pool.spawn(stuck_until_handled(&pool)));
  for (auto& each : handles)
    block_on(joined(std::move(each)));
  EXPECT_GE(polls_stolen(pool), 3U);
}

TEST(poll_stealing, a_timer_of_a_stuck_worker_fires_elsewhere) {
  struct flag final : timer {
    std::atomic<bool> fired{false};
    std::optional<base::steady_time> on_expired(base::steady_time) noexcept override {
      fired.store(true);
      fired.notify_one();
      return std::nullopt;
    }
  };
  const auto stuck = []() -> task<> {
    flag fires;
    timer_queue& own = *this_worker::timers();
    EXPECT_TRUE(own.set(fires, std::chrono::steady_clock::now()));
    fires.fired.wait(false);
    own.cancel(fires);
    co_return;
  };
  run_on(2, stuck());
}

}  // namespace
}  // namespace tacit::sched
