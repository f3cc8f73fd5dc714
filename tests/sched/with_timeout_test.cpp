#include <tacit/sched/with_timeout.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include <tacit/sched/when_all.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"
#include "sched/short_tasks.hpp"

namespace tacit::sched {
namespace {

using namespace std::chrono_literals;

constexpr auto far_off = std::chrono::hours(1);

task<std::string> text() {
  co_return "done";
}

class with_timeout_on : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(workers, with_timeout_on, testing::Values(1, 2, 4),
                         testing::PrintToStringParamName());

TEST(with_timeout, gives_the_value_and_no_error_to_a_task_that_ends_in_time) {
  const auto body = []() -> task<> {
    auto [ec, value] = co_await with_timeout(far_off, text());
    EXPECT_FALSE(ec);
    EXPECT_EQ(value, "done");
  };
  run_on(0, body());
  run_on(1, body());
}

TEST_P(with_timeout_on, ends_the_waits_of_the_task_and_returns_when_it_has_ended) {
  const auto body = []() -> task<> {
    event never;
    const auto start = std::chrono::steady_clock::now();
    auto [ec, value] = co_await with_timeout(2ms, wait_for(&never));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 2ms);
    EXPECT_EQ(ec, base::errc::timed_out);
    EXPECT_EQ(value, base::errc::timed_out);
  };
  run_on(GetParam(), body());
}

TEST_P(with_timeout_on, gives_a_task_of_nothing_just_the_error) {
  const auto waits = []() -> task<> {
    event never;
    co_await never;
  };
  const auto body = [&waits]() -> task<> {
    EXPECT_EQ(co_await with_timeout(1ms, waits()), base::errc::timed_out);
    EXPECT_EQ(co_await with_deadline(std::chrono::steady_clock::now(), waits()),
              base::errc::timed_out);
  };
  run_on(GetParam(), body());
}

TEST_P(with_timeout_on, a_tighter_deadline_inside_leaves_the_one_around_alone) {
  const auto inner = []() -> task<base::error_code> {
    event never;
    auto [ec, value] = co_await with_timeout(1ms, wait_for(&never));
    EXPECT_EQ(value, base::errc::timed_out);
    co_return ec;
  };
  const auto body = [&inner]() -> task<> {
    auto [ec, value] = co_await with_timeout(far_off, inner());
    EXPECT_FALSE(ec);
    EXPECT_EQ(value, base::errc::timed_out);
  };
  run_on(GetParam(), body());
}

TEST_P(with_timeout_on, a_tighter_deadline_around_is_the_one_that_counts) {
  const auto inner = []() -> task<base::error_code> {
    event never;
    auto [ec, value] = co_await with_timeout(far_off, wait_for(&never));
    EXPECT_EQ(value, base::errc::timed_out);
    co_return ec;
  };
  const auto body = [&inner]() -> task<> {
    auto [ec, value] = co_await with_timeout(1ms, inner());
    EXPECT_EQ(ec, base::errc::timed_out);
    EXPECT_EQ(value, base::errc::timed_out);
  };
  run_on(GetParam(), body());
}

TEST_P(with_timeout_on, tells_a_task_its_nearest_deadline) {
  const auto deadline = []() -> task<std::optional<base::steady_time>> {
    co_return (co_await current_scope())->deadline();
  };
  const auto inner = [&deadline](base::steady_time later) -> task<base::steady_time> {
    co_return *(co_await with_deadline(later, deadline())).value;
  };
  const auto body = [&inner]() -> task<> {
    const auto sooner = std::chrono::steady_clock::now() + far_off;
    EXPECT_EQ((co_await with_deadline(sooner, inner(sooner + 1s))).value, sooner);
    EXPECT_EQ((co_await with_deadline(sooner + 1s, inner(sooner))).value, sooner);
  };
  run_on(GetParam(), body());
}

TEST_P(with_timeout_on, gives_the_cause_of_the_scope_around_it) {
  const auto body = [](event* begun) -> task<> {
    event never;
    begun->set();
    auto [ec, value] = co_await with_timeout(far_off, wait_for(&never));
    EXPECT_EQ(ec, base::errc::draining);
    EXPECT_EQ(value, base::errc::draining);
  };
  const auto both = [&body](cancel_scope* scope, event* begun) -> task<> {
    const auto stops = [](cancel_scope* which, event* when) -> task<> {
      co_await *when;
      which->cancel(base::errc::draining);
    };
    co_await when_all(in_scope(*scope, body(begun)), stops(scope, begun));
  };
  cancel_scope scope;
  event begun;
  run_on(GetParam(), both(&scope, &begun));
}

TEST_P(with_timeout_on, reaches_the_children_of_when_all) {
  const auto waits = []() -> task<base::error_code> {
    event never;
    co_return co_await never;
  };
  const auto both = [&waits]() -> task<> {
    auto [first, second] = co_await when_all(waits(), waits());
    EXPECT_EQ(first, base::errc::timed_out);
    EXPECT_EQ(second, base::errc::timed_out);
  };
  const auto body = [&both]() -> task<> {
    EXPECT_EQ(co_await with_timeout(1ms, both()), base::errc::timed_out);
  };
  run_on(GetParam(), body());
}

TEST_P(with_timeout_on, rethrows_what_leaves_the_task) {
  const auto throws = []() -> task<> {
    throw std::runtime_error("as planned");
    co_return;
  };
  const auto body = [&throws]() -> task<> {
    EXPECT_THROW(co_await with_timeout(far_off, throws()), std::runtime_error);
  };
  run_on(GetParam(), body());
}

// A task that waits for something that never comes must not outlive the scheduler's stop.
TEST(with_timeout, of_a_scheduler_that_stops_ends_at_once) {
  const auto body = [](scheduler* on, event* begun) -> task<base::error_code> {
    begun->set();
    while (!on->is_stopping())
      co_await yield();
    event never;
    // The timers may still be closing.
    base::error_code ec;
    do {
      ec = (co_await with_timeout(1ms, wait_for(&never))).error;
    } while (ec == base::errc::timed_out);
    co_return ec;
  };
  scheduler pool(with_workers(1));
  event begun;
  auto handle = pool.spawn(body(&pool, &begun));
  EXPECT_EQ(pool.stop(std::chrono::minutes(1)), 0U);
  EXPECT_EQ(handle.take(), base::errc::cancelled);
}

TEST(with_timeout, a_thread_that_is_no_worker_learns_of_the_deadline_afterwards) {
  const auto takes_longer = []() -> task<> {
    std::this_thread::sleep_for(2ms);
    co_return;
  };
  const auto body = [&takes_longer]() -> task<> {
    EXPECT_EQ(co_await with_timeout(1ms, takes_longer()), base::errc::timed_out);
    EXPECT_FALSE(co_await with_timeout(far_off, takes_longer()));
  };
  block_on(body());
}

}  // namespace
}  // namespace tacit::sched
