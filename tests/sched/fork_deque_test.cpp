#include "sched/fork_deque.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include <tacit/base/atomic.hpp>

namespace tacit::sched {
namespace {

using small = basic_fork_deque<int, 8>;

TEST(fork_deque, its_owner_takes_what_it_pushed_last) {
  std::array items{0, 1, 2};
  small deque;
  EXPECT_EQ(deque.pop(), nullptr);
  for (int& each : items)
    EXPECT_TRUE(deque.push(each));
  for (const int expected : {2, 1, 0})
    EXPECT_EQ(*deque.pop(), expected);
  EXPECT_EQ(deque.pop(), nullptr);
}

TEST(fork_deque, a_thief_takes_what_was_pushed_first) {
  std::array items{0, 1, 2};
  small deque;
  EXPECT_EQ(deque.steal(), nullptr);
  for (int& each : items)
    EXPECT_TRUE(deque.push(each));
  EXPECT_EQ(*deque.steal(), 0);
  EXPECT_EQ(*deque.pop(), 2);
  EXPECT_EQ(*deque.steal(), 1);
  EXPECT_EQ(deque.steal(), nullptr);
  EXPECT_EQ(deque.pop(), nullptr);
}

TEST(fork_deque, refuses_more_than_it_has_room_for) {
  std::array<int, small::capacity + 1> items{};
  small deque;
  for (std::size_t i = 0; i < small::capacity; ++i)
    EXPECT_TRUE(deque.push(items[i]));
  EXPECT_FALSE(deque.push(items[small::capacity]));
  EXPECT_EQ(deque.steal(), items.data());
  EXPECT_TRUE(deque.push(items[small::capacity]));
  EXPECT_FALSE(deque.push(items[0]));
}

TEST(fork_deque, says_when_it_is_empty) {
  int item = 0;
  small deque;
  EXPECT_TRUE(deque.empty_approx());
  EXPECT_TRUE(deque.push(item));
  EXPECT_FALSE(deque.empty_approx());
  deque.steal();
  EXPECT_TRUE(deque.empty_approx());
}

TEST(fork_deque, positions_go_round_the_ring_many_times) {
  std::array items{0, 1, 2, 3, 4};
  small deque;
  for (int round = 0; round < 1000; ++round) {
    for (int& each : items)
      ASSERT_TRUE(deque.push(each));
    ASSERT_EQ(*deque.steal(), 0);
    ASSERT_EQ(*deque.pop(), 4);
    ASSERT_EQ(*deque.steal(), 1);
    ASSERT_EQ(*deque.pop(), 3);
    ASSERT_EQ(*deque.pop(), 2);
    ASSERT_EQ(deque.pop(), nullptr);
  }
}

// The owner pushes and pops over a few slots while thieves take. Each item must be had once; what
// it holds is written before the push and read by whoever has it.
TEST(fork_deque_stress, every_item_has_one_taker) {
  constexpr int rounds = 100'000;
  constexpr int thieves = 2;
  struct item {
    int value = 0;
    std::atomic<int> taken{0};
  };
  std::vector<item> items(rounds);
  basic_fork_deque<item, 4> deque;
  std::atomic<long> sum{0};
  std::atomic<bool> over{false};
  const auto have = [&sum](item& taken) {
    sum.fetch_add(taken.value, std::memory_order_relaxed);
    taken.taken.fetch_add(1, std::memory_order_relaxed);
  };

  std::vector<std::thread> running;
  for (int i = 0; i < thieves; ++i) {
    running.emplace_back([&] {
      while (!over.load(std::memory_order_acquire)) {
        if (item* stolen = deque.steal()) {
          have(*stolen);
        } else {
          base::pause();
        }
      }
    });
  }
  for (int i = 0; i < rounds; ++i) {
    item& next = items[static_cast<std::size_t>(i)];
    next.value = i;
    while (!deque.push(next)) {
      if (item* popped = deque.pop()) have(*popped);
    }
    if (i % 3 == 0) {
      if (item* popped = deque.pop()) have(*popped);
    }
    if (i % 64 == 0) std::this_thread::yield();
  }
  while (item* popped = deque.pop())
    have(*popped);
  over.store(true, std::memory_order_release);
  for (auto& each : running)
    each.join();

  EXPECT_EQ(sum.load(), long{rounds} * (rounds - 1) / 2);
  for (const item& each : items)
    ASSERT_EQ(each.taken.load(), 1) << each.value;
}

}  // namespace
}  // namespace tacit::sched
