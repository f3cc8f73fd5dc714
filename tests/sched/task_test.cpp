#include <tacit/sched/task.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include <tacit/sched/block_on.hpp>

#include "sched/short_tasks.hpp"

namespace tacit::sched {
namespace {

task<int> sum_to(int n) {
  int sum = 0;
  for (int i = 1; i <= n; ++i)
    sum += co_await number(i);
  co_return sum;
}

task<int> failing() {
  throw std::runtime_error("as planned");
  co_return 0;
}

TEST(task, gives_its_value_to_whoever_awaits_it) {
  EXPECT_EQ(block_on(sum_to(10)), 55);
}

TEST(task, starts_only_when_it_is_awaited) {
  bool started = false;
  const auto mark = [](bool* flag) -> task<> {
    *flag = true;
    co_return;
  };
  { auto never_awaited = mark(&started); }
  EXPECT_FALSE(started);
  block_on(mark(&started));
  EXPECT_TRUE(started);
}

TEST(task, rethrows_what_left_the_coroutine) {
  EXPECT_THROW(block_on(failing()), std::runtime_error);
  const auto catches = []() -> task<std::string> {
    try {
      co_await failing();
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "nothing was thrown";
  };
  EXPECT_EQ(block_on(catches()), "as planned");
}

TEST(task, moves_values_that_cannot_be_copied) {
  const auto make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  EXPECT_EQ(*block_on(make()), 7);
}

// A chain that returned through the stack would overflow it. Only an optimised build makes the
// transfer a tail call, so a debug build goes less deep.
TEST(task, a_long_row_of_awaits_uses_no_stack) {
#ifdef NDEBUG
  constexpr int rounds = 1'000'000;
#else
  constexpr int rounds = 1'000;
#endif
  EXPECT_GT(block_on(sum_to(rounds / 1000)), 0);
  const auto loop = [](int n) -> task<long> {
    long sum = 0;
    for (int i = 0; i < n; ++i)
      sum += co_await number(1);
    co_return sum;
  };
  EXPECT_EQ(block_on(loop(rounds)), rounds);
}

}  // namespace
}  // namespace tacit::sched
