#include <tacit/sched/when_all.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <tacit/sched/yield.hpp>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"
#include "sched/short_tasks.hpp"

namespace tacit::sched {
namespace {

// Only an optimised build makes the transfer from one coroutine to the next a tail call, so one
// without goes less deep.
#ifdef NDEBUG
constexpr int many = 100'000;
#else
constexpr int many = 1'000;
#endif

task<> nothing() {
  co_return;
}

// Workers; 0 stands for a thread without a scheduler.
class when_all_on : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(workers, when_all_on, testing::Values(0, 1, 2, 4),
                         testing::PrintToStringParamName());

TEST_P(when_all_on, gives_the_values_in_the_order_of_the_tasks) {
  const auto moves = [](int value) -> task<std::unique_ptr<int>> {
    co_return std::make_unique<int>(value);
  };
  const auto body = [&moves]() -> task<> {
    auto [a, b, c] = co_await when_all(number(1), nothing(), moves(3));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, std::monostate{});
    EXPECT_EQ(*c, 3);
  };
  run_on(GetParam(), body());
}

TEST_P(when_all_on, of_a_vector_gives_a_vector_of_the_values) {
  const auto body = []() -> task<> {
    std::vector<task<int>> children;
    for (int i = 0; i < 100; ++i)
      children.push_back(number(i));
    const std::vector<int> values = co_await when_all(std::move(children));
    EXPECT_EQ(values.size(), 100U);
    for (int i = 0; i < 100; ++i)
      EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
  };
  run_on(GetParam(), body());
}

TEST_P(when_all_on, of_a_span_leaves_the_values_in_the_tasks) {
  const auto body = []() -> task<> {
    std::array children{number(1), number(2), number(3)};
    co_await when_all(std::span<task<int>>(children));
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(children[static_cast<std::size_t>(i)].result(), i + 1);
  };
  run_on(GetParam(), body());
}

TEST_P(when_all_on, of_nothing_ends_at_once) {
  const auto body = []() -> task<> {
    co_await when_all();
    co_await when_all(std::vector<task<>>{});
    EXPECT_TRUE((co_await when_all(std::vector<task<int>>{})).empty());
  };
  run_on(GetParam(), body());
}

TEST_P(when_all_on, a_failing_child_ends_its_siblings_which_are_awaited) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    try {
      co_await when_all(cancelled(ended), throws("as planned"), cancelled(ended));
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "as planned");
    }
    EXPECT_EQ(ended->load(), 2);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

TEST_P(when_all_on, rethrows_the_exception_that_came_first) {
  const auto fails_later = []() -> task<> {
    event never;
    co_await never;
    throw std::runtime_error("later");
  };
  const auto body = [&fails_later]() -> task<> {
    try {
      co_await when_all(fails_later(), throws("first"), fails_later());
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "first");
    }
  };
  run_on(GetParam(), body());
}

TEST_P(when_all_on, children_that_suspend_are_awaited) {
  const auto sets = [](event* which) -> task<> {
    which->set();
    co_return;
  };
  const auto waits = [](event* which) -> task<int> {
    EXPECT_FALSE(co_await *which);
    co_return 1;
  };
  const auto body = [&]() -> task<> {
    event first;
    event second;
    auto [a, b, c, d] =
        co_await when_all(waits(&first), waits(&second), sets(&second), sets(&first));
    EXPECT_EQ(a + b, 2);
  };
  run_on(GetParam(), body());
}

TEST_P(when_all_on, some_children_suspend_and_some_do_not) {
  const auto one = [](int i) -> task<int> {
    if (i % 3 == 0) co_await yield();
    if (i % 7 == 0) co_await when_all(number(1), number(2));
    co_return i;
  };
  const auto body = [&one]() -> task<> {
    std::vector<task<int>> children;
    for (int i = 0; i < 3'000; ++i)
      children.push_back(one(i));
    long sum = 0;
    for (const int each : co_await when_all(std::move(children)))
      sum += each;
    EXPECT_EQ(sum, 3'000L * 2'999 / 2);
  };
  run_on(GetParam(), body());
}

TEST_P(when_all_on, more_children_than_a_worker_can_hold_all_run) {
  const auto body = []() -> task<> {
    std::vector<task<int>> children;
    for (int i = 0; i < many; ++i)
      children.push_back(number(1));
    long sum = 0;
    for (const int each : co_await when_all(std::move(children)))
      sum += each;
    EXPECT_EQ(sum, many);
  };
  run_on(GetParam(), body());
}

struct recursion {
  static task<long> down(int depth) {
    if (depth == 0) co_return 1;
    auto [deeper, beside] = co_await when_all(down(depth - 1), number(1));
    co_return deeper + beside;
  }
  static task<long> down_beside(int depth) {
    if (depth == 0) co_return 1;
    auto [beside, deeper] = co_await when_all(number(1), down_beside(depth - 1));
    co_return deeper + beside;
  }
  static task<long> fibonacci(int n) {
    if (n < 2) co_return n;
    auto [a, b] = co_await when_all(fibonacci(n - 1), fibonacci(n - 2));
    co_return a + b;
  }
  // As fibonacci(), but some of what was forked waits its turn, and one of them fails.
  static task<long> restless(int n, std::atomic<int>* leaves, int failing) {
    if (n < 2) {
      const int leaf = ++*leaves;
      if (leaf % 97 == 0) co_await yield();
      if (leaf == failing) throw std::runtime_error("as planned");
      co_return n;
    }
    auto [a, b] =
        co_await when_all(restless(n - 1, leaves, failing), restless(n - 2, leaves, failing));
    co_return a + b;
  }
};

constexpr int leaves_of_20 = 10'946;

TEST_P(when_all_on, recursion_goes_deep_without_using_stack) {
  EXPECT_EQ(run_on(GetParam(), recursion::down(many)), many + 1);
  EXPECT_EQ(run_on(GetParam(), recursion::down_beside(many)), many + 1);
}

TEST_P(when_all_on, a_tree_of_forks_adds_up) {
  EXPECT_EQ(run_on(GetParam(), recursion::fibonacci(20)), 6765);
}

TEST_P(when_all_on, a_tree_in_which_some_children_suspend_adds_up) {
  std::atomic<int> leaves{0};
  EXPECT_EQ(run_on(GetParam(), recursion::restless(20, &leaves, 0)), 6765);
  EXPECT_EQ(leaves.load(), leaves_of_20);
}

TEST_P(when_all_on, a_failure_late_in_a_tree_comes_once_all_leaves_have_ended) {
  std::atomic<int> leaves{0};
  const auto body = [](std::atomic<int>* count) -> task<> {
    EXPECT_THROW(co_await recursion::restless(20, count, leaves_of_20 - 1'000), std::runtime_error);
    EXPECT_EQ(count->load(), leaves_of_20);
  };
  run_on(GetParam(), body(&leaves));
}

TEST(when_all, others_have_their_turn_while_many_children_run) {
  struct pair {
    static task<int> count_turns(const bool* ended) {
      int turns = 0;
      for (; !*ended; ++turns)
        co_await yield();
      co_return turns;
    }
    static task<int> fork(bool* ended) {
      const int sum = static_cast<int>(co_await recursion::fibonacci(20));
      *ended = true;
      co_return sum;
    }
  };
  const auto body = []() -> task<> {
    bool ended = false;
    const auto [turns, sum] = co_await when_all(pair::count_turns(&ended), pair::fork(&ended));
    EXPECT_EQ(sum, 6765);
    // Two children for every leaf, in runs of 1,024.
    EXPECT_GE(turns, leaves_of_20 * 2 / 1'024 / 2);
  };
  run_on(1, body());
}

TEST_P(when_all_on, a_failure_deep_inside_ends_everything_around_it) {
  struct tree {
    static task<> grow(int depth, std::atomic<int>* ended) {
      if (depth == 0) throw std::runtime_error("as planned");
      co_await when_all(cancelled(ended), grow(depth - 1, ended), cancelled(ended));
    }
  };
  const auto body = [](std::atomic<int>* ended) -> task<> {
    EXPECT_THROW(co_await tree::grow(50, ended), std::runtime_error);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
  EXPECT_EQ(ended.load(), 100);
}

}  // namespace
}  // namespace tacit::sched
