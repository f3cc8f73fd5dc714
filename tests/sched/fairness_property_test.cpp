// Whatever the load: a coroutine that is ready starts within a bounded number of other runs. The
// bound is derived in docs/scheduler.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <tacit/sched/when_all.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/event.hpp"
#include "sched/hand_fed_poller.hpp"
#include "sched/on_workers.hpp"

namespace tacit::sched {
namespace {

// Counts runs, and for each coroutine how many there were between its becoming ready and its run.
struct load {
  std::atomic<std::uint64_t> runs{0};
  std::atomic<std::uint64_t> longest_wait{0};
  std::atomic<std::uint64_t> longest_wait_for_io{0};
  std::atomic<std::uint64_t> started{0};
  std::atomic<std::uint64_t> completions{0};
  std::atomic<bool> over{false};

  void ran_after(std::uint64_t ready_at, std::atomic<std::uint64_t>& longest) {
    const std::uint64_t wait = runs.fetch_add(1, std::memory_order_relaxed) - ready_at;
    std::uint64_t most = longest.load(std::memory_order_relaxed);
    while (most < wait && !longest.compare_exchange_weak(most, wait, std::memory_order_relaxed)) {
    }
  }
};

task<> always_ready(load* all) {
  all->started.fetch_add(1, std::memory_order_relaxed);
  while (!all->over.load(std::memory_order_relaxed)) {
    const std::uint64_t ready_at = all->runs.load(std::memory_order_relaxed);
    co_await yield();
    all->ran_after(ready_at, all->longest_wait);
  }
}

// The poller is told of a completion, which is ready from the next poll on.
task<> serves_io(scheduler* on, load* all, std::uint32_t seed) {
  std::mt19937 random(seed);
  while (!all->over.load(std::memory_order_relaxed)) {
    operation reads(static_cast<hand_fed_poller&>(on->poller_of(random() % on->workers())));
    reads.complete();
    const std::uint64_t ready_at = all->runs.load(std::memory_order_relaxed);
    co_await reads;
    all->ran_after(ready_at, all->longest_wait_for_io);
    all->completions.fetch_add(1, std::memory_order_relaxed);
  }
}

class fairness : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(workers, fairness, testing::Values(1, 2),
                         testing::PrintToStringParamName());

TEST_P(fairness, measure) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr std::uint64_t ready = 10'000;
  constexpr int io = 100;
  load all;
  scheduler pool(with_hand_fed_pollers(GetParam()));
  std::vector<join_handle<>> handles;
  for (std::uint64_t i = 0; i < ready; ++i)
    handles.push_back(pool.spawn(always_ready(&all)));
  for (int i = 0; i < io; ++i)
    handles.push_back(pool.spawn(serves_io(&pool, &all, seed + static_cast<std::uint32_t>(i))));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::uint64_t last_started = 0;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    last_started = all.started;
  }
  std::printf("runs %lu started %lu longest %lu io %lu completions %lu\n", all.runs.load(),
              last_started, all.longest_wait.load(), all.longest_wait_for_io.load(),
              all.completions.load());
  all.over = true;
  for (auto& each : handles)
    block_on(joined(std::move(each)));
  std::printf("finally longest %lu\n", all.longest_wait.load());
}

}  // namespace
}  // namespace tacit::sched
