#include "sched/run_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tacit::sched {
namespace {

using small_queue = basic_run_queue<4>;

TEST(run_queue, gives_back_in_order) {
  small_queue queue;
  runnable a, b, c;
  EXPECT_TRUE(queue.push(a));
  EXPECT_TRUE(queue.push(b));
  EXPECT_EQ(queue.pop(), &a);
  EXPECT_TRUE(queue.push(c));
  EXPECT_EQ(queue.pop(), &b);
  EXPECT_EQ(queue.pop(), &c);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(run_queue, refuses_what_does_not_fit) {
  small_queue queue;
  runnable items[5];
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(queue.push(items[i]));
  EXPECT_FALSE(queue.push(items[4]));
  EXPECT_EQ(queue.size_approx(), 4U);
}

TEST(run_queue, a_thief_takes_half_rounded_up) {
  small_queue from, into;
  runnable items[3];
  for (auto& each : items)
    from.push(each);
  EXPECT_EQ(from.steal_into(into), &items[1]);  // One to run at once …
  EXPECT_EQ(into.pop(), &items[0]);             // … and one for later.
  EXPECT_EQ(from.pop(), &items[2]);
  EXPECT_EQ(from.steal_into(into), nullptr);
}

TEST(run_queue, goes_on_when_positions_wrap_around_the_ring) {
  small_queue queue, thief;
  runnable items[2];
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(queue.push(items[0]));
    ASSERT_TRUE(queue.push(items[1]));
    ASSERT_EQ(queue.steal_into(thief), &items[0]);
    ASSERT_EQ(queue.pop(), &items[1]);
  }
}

// Every item is taken exactly once, whoever takes it.
TEST(run_queue_stress, thieves_and_owner_lose_and_double_nothing) {
  constexpr std::size_t count = 200'000;
  constexpr int thieves = 3;
  basic_run_queue<16> queue;
  std::vector<runnable> items(count);
  std::vector<std::atomic<int>> taken(count);
  std::atomic<bool> done{false};
  const auto mark = [&](runnable* item) {
    taken[static_cast<std::size_t>(item - items.data())].fetch_add(1);
  };
  std::vector<std::thread> running;
  for (int i = 0; i < thieves; ++i) {
    running.emplace_back([&] {
      basic_run_queue<16> own;
      while (!done.load()) {
        if (runnable* item = queue.steal_into(own)) mark(item);
        while (runnable* item = own.pop())
          mark(item);
      }
    });
  }
  for (auto& each : items) {
    while (!queue.push(each)) {
      if (runnable* item = queue.pop()) mark(item);
    }
  }
  while (queue.size_approx() != 0) {
    if (runnable* item = queue.pop()) mark(item);
  }
  done.store(true);
  for (auto& each : running)
    each.join();
  for (std::size_t i = 0; i < count; ++i)
    ASSERT_EQ(taken[i].load(), 1) << "item " << i;
}

}  // namespace
}  // namespace tacit::sched
