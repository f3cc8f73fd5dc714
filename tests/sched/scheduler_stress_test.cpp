#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::sched {
namespace {

scheduler_options with_workers(std::uint32_t count) {
  scheduler_options options;
  options.workers = count;
  return options;
}

task<> tree(scheduler& on, int depth, std::atomic<long>& leaves) {
  if (depth == 0) {
    leaves.fetch_add(1, std::memory_order_relaxed);
    co_return;
  }
  auto left = on.spawn(tree(on, depth - 1, leaves));
  co_await tree(on, depth - 1, leaves);
  co_await std::move(left);
}

// Trees from several foreign threads at once: spawning, stealing, joining and injecting together.
TEST(scheduler_stress, forked_trees_from_several_threads_lose_no_leaf) {
  scheduler pool(with_workers(4));
  constexpr int threads = 3;
  constexpr int rounds = 20;
  constexpr int depth = 8;
  std::atomic<long> leaves{0};
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        const auto join = [](join_handle<> handle) -> task<> { co_await std::move(handle); };
        block_on(join(pool.spawn(tree(pool, depth, leaves))));
      }
    });
  }
  for (auto& each : running)
    each.join();
  EXPECT_EQ(leaves.load(), long{threads} * rounds * (1 << depth));
}

// Work arrives one piece at a time with pauses in which every worker parks: a lost wake-up hangs
// here.
TEST(scheduler_stress, no_wake_up_is_lost_between_bursts) {
  scheduler pool(with_workers(4));
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto one = []() -> task<int> { co_return 1; };
  const auto join = [](join_handle<int> handle) -> task<int> {
    co_return co_await std::move(handle);
  };
  for (int i = 0; i < 3000; ++i) {
    auto first = pool.spawn(one());
    if (random() % 2) {
      auto second = pool.spawn(one());
      ASSERT_EQ(block_on(join(std::move(second))), 1);
    }
    ASSERT_EQ(block_on(join(std::move(first))), 1);
    for (unsigned spin = random() % 50; spin > 0; --spin)
      std::this_thread::yield();
  }
}

}  // namespace
}  // namespace tacit::sched
