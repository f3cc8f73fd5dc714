#include <tacit/sync/select.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/yield.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using namespace std::chrono_literals;
using base::errc;
using sched::cancel_scope;
using sched::scheduler;
using sched::task;

// On one worker a yield lets every coroutine that is ready run until it waits.
class select_on_one_worker : public testing::Test {
 protected:
  scheduler pool_{tests::with_workers(1)};
};

TEST(select, takes_the_case_that_can_happen) {
  const auto body = []() -> task<> {
    channel<int> numbers(1);
    channel<std::string> texts(1);
    received<int> number;
    received<std::string> text;
    co_await texts.send("one");
    EXPECT_EQ(co_await select(numbers.on_receive(number), texts.on_receive(text)), 1U);
    EXPECT_EQ(*text, "one");
    EXPECT_FALSE(number);
    EXPECT_EQ(co_await select(numbers.on_send(7), texts.on_receive(text)), 0U);
    EXPECT_FALSE(text);
    EXPECT_EQ(co_await select(numbers.on_receive(number), texts.on_receive(text)), 0U);
    EXPECT_EQ(*number, 7);
  };
  sched::block_on(body());
}

TEST(select, does_otherwise_if_nothing_else_can_happen) {
  const auto body = []() -> task<> {
    channel<int> numbers;
    EXPECT_EQ(co_await select(numbers.on_receive(), otherwise(), numbers.on_send(1)), 1U);
    // Nothing is left behind.
    EXPECT_EQ(numbers.try_send(1), make_error_code(errc::would_block));
    EXPECT_EQ(numbers.try_receive().error(), errc::would_block);
  };
  sched::block_on(body());
}

TEST(select, moves_from_a_value_only_if_it_is_sent) {
  const auto body = []() -> task<> {
    channel<std::unique_ptr<int>> pointers(1);
    auto value = std::make_unique<int>(7);
    EXPECT_EQ(co_await select(pointers.on_send(std::move(value)), otherwise()), 0U);
    EXPECT_FALSE(value);
    value = std::make_unique<int>(8);
    EXPECT_EQ(co_await select(pointers.on_send(std::move(value)), otherwise()), 1U);
    EXPECT_TRUE(value);
  };
  sched::block_on(body());
}

TEST(select, a_closed_channel_counts_as_ready_and_says_so) {
  const auto body = []() -> task<> {
    channel<std::unique_ptr<int>> pointers;
    pointers.close();
    const auto got = co_await select(pointers.on_receive());
    EXPECT_EQ(got.index(), 0U);
    EXPECT_EQ(got.error(), make_error_code(errc::closed));
    auto value = std::make_unique<int>(7);
    const auto sent = co_await select(pointers.on_send(std::move(value)), after(1h));
    EXPECT_EQ(sent.index(), 0U);
    EXPECT_EQ(sent.error(), make_error_code(errc::closed));
    EXPECT_TRUE(value);
  };
  sched::block_on(body());
}

TEST(select, a_case_that_is_not_to_happen_does_not) {
  const auto body = []() -> task<> {
    channel<int> first(1);
    channel<int> second(1);
    co_await first.send(1);
    co_await second.send(2);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(co_await select(only_if(false, first.on_receive()), otherwise()), 1U);
    }
    EXPECT_EQ(co_await select(only_if(false, first.on_receive()), second.on_receive()), 1U);
    EXPECT_EQ(co_await select(only_if(true, first.on_receive()), second.on_receive()), 0U);
  };
  sched::block_on(body());
}

TEST(select, each_of_several_that_can_happen_is_as_likely) {
  constexpr int rounds = 9'000;
  const auto body = []() -> task<std::array<int, 4>> {
    channel<int> a(1);
    channel<int> b(1);
    channel<int> c(1);
    channel<int> never;
    std::array<int, 4> chosen{};
    for (int i = 0; i < rounds; ++i) {
      // The one that cannot happen stands where a mere rotation would favour its neighbour.
      const auto happened =
          co_await select(a.on_send(i), never.on_receive(), b.on_send(i), c.on_send(i));
      ++chosen.at(happened);
      a.try_receive();
      b.try_receive();
      c.try_receive();
    }
    co_return chosen;
  };
  const auto chosen = sched::block_on(body());
  EXPECT_EQ(chosen[1], 0);
  // Six standard deviations: one run in 10^8 fails by chance.
  for (const std::size_t i : {0U, 2U, 3U})
    EXPECT_NEAR(chosen[i], rounds / 3, 270) << "case " << i;
}

task<std::size_t> receive_either(channel<int>& a, channel<int>& b, received<int>& into) {
  co_return co_await select(a.on_receive(into), b.on_receive(into));
}

TEST_F(select_on_one_worker, waits_for_the_first_that_happens_and_leaves_the_others) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> a;
    channel<int> b;
    received<int> value;
    auto chosen = pool.spawn(receive_either(a, b, value));
    co_await sched::yield();
    EXPECT_FALSE(b.try_send(5));
    EXPECT_EQ(b.try_send(6), make_error_code(errc::would_block));
    EXPECT_EQ(a.try_send(6), make_error_code(errc::would_block));
    EXPECT_EQ(co_await std::move(chosen), 1U);
    EXPECT_EQ(*value, 5);
    EXPECT_EQ(a.try_send(6), make_error_code(errc::would_block));
  };
  tests::run_on(pool_, body(pool_));
}

// What it received, or 0 if it sent.
task<int> exchange(channel<int>& out, channel<int>& in, int own) {
  received<int> other;
  const auto happened = co_await select(out.on_send(own), in.on_receive(other));
  co_return happened == 0 ? 0 : *other;
}

TEST_F(select_on_one_worker, two_selects_serve_each_other) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> there;
    channel<int> back;
    auto first = pool.spawn(exchange(there, back, 1));
    auto second = pool.spawn(exchange(back, there, 2));
    const int by_first = co_await std::move(first);
    const int by_second = co_await std::move(second);
    EXPECT_TRUE((by_first == 2 && by_second == 0) || (by_first == 0 && by_second == 1));
  };
  for (int i = 0; i < 50; ++i)
    tests::run_on(pool_, body(pool_));
}

task<std::size_t> send_or_receive(channel<int>& through) {
  co_return co_await select(through.on_send(1), through.on_receive());
}

TEST_F(select_on_one_worker, does_not_serve_itself) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> through;
    auto chosen = pool.spawn(send_or_receive(through));
    co_await sched::yield();
    EXPECT_FALSE(chosen.has_ended());
    EXPECT_EQ(*co_await through.receive(), 1);
    EXPECT_EQ(co_await std::move(chosen), 0U);
    EXPECT_EQ(through.try_send(2), make_error_code(errc::would_block));
  };
  tests::run_on(pool_, body(pool_));
}

task<selected> receive_from_either(channel<int>& a, channel<int>& b) {
  co_return co_await select(a.on_receive(), b.on_receive(), a.on_receive());
}

TEST_F(select_on_one_worker, closing_a_channel_ends_the_wait) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> a;
    channel<int> b;
    auto chosen = pool.spawn(receive_from_either(a, b));
    co_await sched::yield();
    b.close();
    a.close();
    const auto happened = co_await std::move(chosen);
    EXPECT_EQ(happened.index(), 1U);
    EXPECT_EQ(happened.error(), make_error_code(errc::closed));
  };
  tests::run_on(pool_, body(pool_));
}

task<selected> receive_or_send(channel<int>& a, channel<int>& b) {
  co_return co_await select(a.on_receive(), b.on_send(1), after(1h));
}

TEST_F(select_on_one_worker, a_cancelled_one_has_done_nothing) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> a;
    channel<int> b;
    cancel_scope scope;
    auto chosen = pool.spawn(receive_or_send(a, b), {.scope = &scope});
    co_await sched::yield();
    scope.cancel(errc::draining);
    EXPECT_EQ(a.try_send(1), make_error_code(errc::would_block));
    EXPECT_EQ(b.try_receive().error(), errc::would_block);
    const auto happened = co_await std::move(chosen);
    EXPECT_EQ(happened.index(), selected::none);
    EXPECT_EQ(happened.error(), make_error_code(errc::draining));
    auto late = pool.spawn(receive_or_send(a, b), {.scope = &scope});
    EXPECT_EQ((co_await std::move(late)).error(), make_error_code(errc::draining));
  };
  tests::run_on(pool_, body(pool_));
}

task<> send_one(channel<int>& to) {
  co_await to.send(1);
}

task<selected> wait_with_limit(channel<int>& never, std::chrono::nanoseconds limit) {
  co_return co_await select(never.on_receive(), after(limit), after(1h));
}

TEST(select, a_time_passes_on_a_worker_and_on_a_thread) {
  channel<int> never;
  const auto start = std::chrono::steady_clock::now();
  scheduler pool;
  EXPECT_EQ(tests::run_on(pool, wait_with_limit(never, 2ms)), 1U);
  EXPECT_EQ(sched::block_on(wait_with_limit(never, 2ms)), 1U);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 4ms);
  EXPECT_EQ(sched::block_on(wait_with_limit(never, 0ms)), 1U);
}

TEST(select, a_thread_with_a_limit_is_woken_by_what_happens_before) {
  scheduler pool;
  channel<int> numbers;
  auto sent = pool.spawn(send_one(numbers));
  EXPECT_EQ(sched::block_on(wait_with_limit(numbers, 1h)), 0U);
  sched::block_on(tests::join(std::move(sent)));
}

TEST_F(select_on_one_worker, no_timer_is_left_behind) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers;
    auto sent = pool.spawn(send_one(numbers));
    EXPECT_EQ(co_await wait_with_limit(numbers, 1h), 0U);
    EXPECT_FALSE(sched::this_worker::timers()->earliest());
    co_await std::move(sent);
  };
  tests::run_on(pool_, body(pool_));
}

TEST(select, with_a_timer_ends_when_the_scheduler_stops) {
  scheduler pool;
  channel<int> never;
  auto waiting = pool.spawn(wait_with_limit(never, 1h));
  EXPECT_EQ(pool.stop(1min), 0U);
  const auto happened = waiting.take();
  EXPECT_EQ(happened.index(), selected::none);
  EXPECT_EQ(happened.error(), make_error_code(errc::cancelled));
}

task<> poll(channel<int>& on) {
  received<int> value;
  while (!value)
    co_await select(on.on_receive(value), otherwise());
}

TEST_F(select_on_one_worker, who_polls_lets_others_have_their_turn) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers(1);
    auto first = pool.spawn(poll(numbers));
    co_await sched::yield();
    co_await numbers.send(1);
    co_await std::move(first);
  };
  tests::run_on(pool_, body(pool_));
}

}  // namespace
}  // namespace tacit::sync
