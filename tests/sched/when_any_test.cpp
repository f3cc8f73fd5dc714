#include <tacit/sched/when_any.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/scheduler.hpp>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"
#include "sched/short_tasks.hpp"

namespace tacit::sched {
namespace {

class when_any_on : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(workers, when_any_on, testing::Values(0, 1, 2, 4),
                         testing::PrintToStringParamName());

TEST_P(when_any_on, gives_the_first_to_end_and_ends_the_others) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    auto [index, value] =
        co_await when_any(cancelled<int>(ended), number(7), cancelled<int>(ended));
    EXPECT_EQ(index, 1U);
    EXPECT_EQ(std::get<1>(value), 7);
    EXPECT_EQ(ended->load(), 2);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

TEST_P(when_any_on, gives_the_index_of_the_first_in_a_span) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    std::vector<task<int>> children;
    for (int i = 0; i < 100; ++i)
      children.push_back(i == 42 ? number(i) : cancelled<int>(ended));
    auto [index, value] = co_await when_any(std::span(children));
    EXPECT_EQ(index, 42U);
    EXPECT_EQ(value, 42);
    EXPECT_EQ(ended->load(), 99);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

TEST_P(when_any_on, rethrows_what_left_the_first_and_drops_what_left_the_others) {
  const auto body = [](event* go) -> task<> {
    const auto first = [](event* waits) -> task<> {
      EXPECT_FALSE(co_await *waits);
      throw std::runtime_error("first");
    };
    const auto second = [](event* sets) -> task<> {
      sets->set();
      event never;
      co_await never;
      throw std::runtime_error("second");
    };
    try {
      co_await when_any(first(go), second(go));
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "first");
    }
  };
  event go;
  run_on(GetParam(), body(&go));
}

TEST_P(when_any_on, an_exception_counts_as_an_end) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    EXPECT_THROW(co_await when_any(cancelled<int>(ended), throws<int>("as planned")),
                 std::runtime_error);
    EXPECT_EQ(ended->load(), 1);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

TEST_P(when_any_on, a_task_of_nothing_gives_a_monostate) {
  const auto nothing = []() -> task<> { co_return; };
  const auto body = [&nothing]() -> task<> {
    auto [index, value] = co_await when_any(nothing());
    EXPECT_EQ(index, 0U);
    EXPECT_EQ(value.index(), 0U);
  };
  run_on(GetParam(), body());
}

TEST_P(when_any_on, nested_races_end_from_inside_out) {
  const auto inner = [](std::atomic<int>* ended) -> task<int> {
    co_return static_cast<int>(
        (co_await when_any(cancelled<int>(ended), cancelled<int>(ended))).index);
  };
  const auto body = [&inner](std::atomic<int>* ended) -> task<> {
    const auto outcome = co_await when_any(inner(ended), inner(ended), number(1));
    EXPECT_EQ(outcome.index, 2U);
    EXPECT_EQ(ended->load(), 4);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

// The winner's cancellation is its siblings' affair alone.
TEST_P(when_any_on, leaves_the_scope_around_it_as_it_was) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    co_await when_any(number(1), cancelled<int>(ended));
    EXPECT_FALSE((co_await current_scope())->is_cancelled());
  };
  cancel_scope scope;
  std::atomic<int> ended{0};
  run_on(GetParam(), in_scope(scope, body(&ended)));
}

TEST_P(when_any_on, is_cancelled_with_the_scope_around_it) {
  const auto waits = []() -> task<base::error_code> {
    event never;
    co_return co_await never;
  };
  const auto races = [&waits]() -> task<> {
    auto [index, value] = co_await when_any(waits(), waits());
    EXPECT_EQ(std::visit([](auto error) { return error; }, value), base::errc::draining);
  };
  const auto stops = [](cancel_scope* scope) -> task<> {
    scope->cancel(base::errc::draining);
    co_return;
  };
  const auto both = [&](cancel_scope* scope) -> task<> {
    co_await when_all(in_scope(*scope, races()), stops(scope));
  };
  cancel_scope scope;
  run_on(GetParam(), both(&scope));
}

}  // namespace
}  // namespace tacit::sched
