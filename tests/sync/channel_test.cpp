#include <tacit/sync/channel.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/yield.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using base::errc;
using sched::cancel_scope;
using sched::scheduler;
using sched::task;

// On one worker a yield lets every coroutine that is ready run until it waits.
class channel_on_one_worker : public testing::Test {
 protected:
  scheduler pool_{tests::with_workers(1)};
};

task<> send_all(channel<int>& to, std::vector<int> values, int* sent = nullptr) {
  for (const int each : values) {
    EXPECT_FALSE(co_await to.send(each));
    if (sent) ++*sent;
  }
}

task<std::vector<int>> receive_all(channel<int>& from) {
  std::vector<int> values;
  while (auto each = co_await from.receive())
    values.push_back(*each);
  co_return values;
}

task<base::error_code> receive_error(channel<int>& from) {
  const auto nothing = co_await from.receive();
  EXPECT_FALSE(nothing);
  co_return nothing.error();
}

TEST(channel, holds_values_in_the_order_in_which_they_were_sent) {
  channel<int> numbers(3);
  for (int round = 0; round < 5; ++round) {
    EXPECT_FALSE(numbers.try_send(1));
    EXPECT_FALSE(numbers.try_send(2));
    EXPECT_EQ(numbers.size(), 2U);
    EXPECT_EQ(*numbers.try_receive(), 1);
    EXPECT_EQ(*numbers.try_receive(), 2);
  }
  EXPECT_EQ(numbers.capacity(), 3U);
}

TEST(channel, trying_says_what_is_in_the_way) {
  channel<int> numbers(1);
  EXPECT_EQ(numbers.try_receive().error(), errc::would_block);
  EXPECT_FALSE(numbers.try_send(1));
  EXPECT_EQ(numbers.try_send(2), make_error_code(errc::would_block));
  numbers.close();
  EXPECT_EQ(numbers.try_send(2), make_error_code(errc::closed));
  EXPECT_EQ(*numbers.try_receive(), 1);
  EXPECT_EQ(numbers.try_receive().error(), errc::closed);
}

TEST(channel, closed_channel_yields_what_it_held) {
  channel<int> numbers(4);
  sched::block_on(send_all(numbers, {1, 2, 3}));
  EXPECT_TRUE(numbers.close());
  EXPECT_TRUE(numbers.is_closed());
  EXPECT_FALSE(numbers.close());
  EXPECT_EQ(sched::block_on(receive_all(numbers)), (std::vector{1, 2, 3}));
  EXPECT_EQ(sched::block_on(receive_error(numbers)), make_error_code(errc::closed));
}

TEST(channel, destroys_what_nobody_received) {
  const auto counted = std::make_shared<int>();
  {
    channel<std::shared_ptr<int>> held(4);
    for (int i = 0; i < 3; ++i)
      EXPECT_FALSE(held.try_send(counted));
    EXPECT_TRUE(held.try_receive());
    EXPECT_EQ(counted.use_count(), 3);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(channel, copies_what_is_not_given_away) {
  channel<std::string> texts(1);
  const std::string text(100, 'x');
  const auto body = [](channel<std::string>& through, const std::string& sent) -> task<> {
    EXPECT_FALSE(co_await through.send(sent));
    EXPECT_EQ(*co_await through.receive(), sent);
  };
  sched::block_on(body(texts, text));
  EXPECT_EQ(text.size(), 100U);
}

TEST(channel, a_send_that_fails_does_not_take_the_value) {
  channel<std::unique_ptr<int>> closed;
  closed.close();
  const auto body = [](channel<std::unique_ptr<int>>& to) -> task<> {
    auto value = std::make_unique<int>(7);
    EXPECT_EQ(co_await to.send(std::move(value)), make_error_code(errc::closed));
    EXPECT_TRUE(value);
    EXPECT_EQ(to.try_send(std::move(value)), make_error_code(errc::closed));
    EXPECT_TRUE(value);
  };
  sched::block_on(body(closed));
}

TEST_F(channel_on_one_worker, without_capacity_a_sender_waits_for_a_receiver) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers;
    int sent = 0;
    auto sending = pool.spawn(send_all(numbers, {1, 2}, &sent));
    co_await sched::yield();
    EXPECT_EQ(sent, 0);
    EXPECT_EQ(numbers.size(), 0U);
    EXPECT_EQ(*co_await numbers.receive(), 1);
    co_await sched::yield();
    EXPECT_EQ(sent, 1);
    EXPECT_EQ(*numbers.try_receive(), 2);
    co_await std::move(sending);
  };
  tests::run_on(pool_, body(pool_));
}

TEST_F(channel_on_one_worker, a_sender_waits_while_the_ring_is_full_and_its_value_keeps_its_place) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers(2);
    int sent = 0;
    auto sending = pool.spawn(send_all(numbers, {1, 2, 3, 4}, &sent));
    co_await sched::yield();
    EXPECT_EQ(sent, 2);
    EXPECT_EQ(*numbers.try_receive(), 1);
    EXPECT_EQ(numbers.size(), 2U);
    EXPECT_EQ(numbers.try_send(9), make_error_code(errc::would_block));
    co_await sched::yield();
    EXPECT_EQ(sent, 3);
    for (int expected = 2; expected <= 4; ++expected)
      EXPECT_EQ(*co_await numbers.receive(), expected);
    co_await std::move(sending);
  };
  tests::run_on(pool_, body(pool_));
}

TEST_F(channel_on_one_worker, who_came_first_is_served_first) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers;
    const auto one = [](channel<int>& from) -> task<int> { co_return *co_await from.receive(); };
    auto first = pool.spawn(one(numbers));
    auto second = pool.spawn(one(numbers));
    co_await sched::yield();
    co_await numbers.send(1);
    co_await numbers.send(2);
    EXPECT_EQ(co_await std::move(first), 1);
    EXPECT_EQ(co_await std::move(second), 2);
  };
  tests::run_on(pool_, body(pool_));
}

TEST_F(channel_on_one_worker, closing_ends_the_wait_of_receivers) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers(1);
    auto first = pool.spawn(receive_error(numbers));
    auto second = pool.spawn(receive_error(numbers));
    co_await sched::yield();
    numbers.close();
    EXPECT_EQ(co_await std::move(first), make_error_code(errc::closed));
    EXPECT_EQ(co_await std::move(second), make_error_code(errc::closed));
  };
  tests::run_on(pool_, body(pool_));
}

task<std::unique_ptr<int>> refused(channel<std::unique_ptr<int>>& to, base::error_code expected) {
  auto value = std::make_unique<int>(7);
  EXPECT_EQ(co_await to.send(std::move(value)), expected);
  co_return value;
}

TEST_F(channel_on_one_worker, a_sender_that_waits_when_it_is_closed_keeps_its_value) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<std::unique_ptr<int>> full(1);
    co_await full.send(std::make_unique<int>(1));
    auto waiting = pool.spawn(refused(full, errc::closed));
    co_await sched::yield();
    full.close();
    EXPECT_EQ(*co_await std::move(waiting), 7);
    EXPECT_EQ(**co_await full.receive(), 1);
    EXPECT_FALSE(co_await full.receive());
  };
  tests::run_on(pool_, body(pool_));
}

TEST_F(channel_on_one_worker, a_cancelled_receive_has_taken_nothing) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers;
    cancel_scope scope;
    auto waiting = pool.spawn(receive_error(numbers), {.scope = &scope});
    co_await sched::yield();
    scope.cancel(errc::timed_out);
    EXPECT_EQ(numbers.try_send(1), make_error_code(errc::would_block));
    EXPECT_EQ(co_await std::move(waiting), make_error_code(errc::timed_out));
  };
  tests::run_on(pool_, body(pool_));
}

TEST_F(channel_on_one_worker, a_cancelled_send_has_sent_nothing_and_keeps_its_value) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<std::unique_ptr<int>> pointers;
    cancel_scope scope;
    auto waiting = pool.spawn(refused(pointers, errc::cancelled), {.scope = &scope});
    co_await sched::yield();
    scope.cancel();
    EXPECT_EQ(pointers.try_receive().error(), errc::would_block);
    EXPECT_TRUE(co_await std::move(waiting));
  };
  tests::run_on(pool_, body(pool_));
}

TEST_F(channel_on_one_worker, a_cancelled_scope_ends_a_wait_at_once_and_nothing_else) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers(1);
    cancel_scope scope;
    scope.cancel();
    co_await numbers.send(1);
    auto none = pool.spawn(receive_all(numbers), {.scope = &scope});
    EXPECT_EQ((co_await std::move(none)).size(), 1U);
    auto error = pool.spawn(receive_error(numbers), {.scope = &scope});
    EXPECT_EQ(co_await std::move(error), make_error_code(errc::cancelled));
  };
  tests::run_on(pool_, body(pool_));
}

task<> send_and_receive(channel<int>& through, const bool& enough) {
  while (!enough) {
    co_await through.send(1);
    co_await through.receive();
  }
}

TEST_F(channel_on_one_worker, who_always_finds_something_to_do_lets_others_have_their_turn) {
  const auto body = [](scheduler& pool) -> task<> {
    channel<int> numbers(1);
    bool enough = false;
    auto first = pool.spawn(send_and_receive(numbers, enough));
    co_await sched::yield();
    enough = true;
    co_await std::move(first);
  };
  tests::run_on(pool_, body(pool_));
}

TEST(channel, connects_threads_and_workers) {
  scheduler pool;
  channel<int> requests(2);
  channel<int> answers;
  const auto serve = [](channel<int>& from, channel<int>& to) -> task<> {
    while (auto each = co_await from.receive())
      co_await to.send(*each * 2);
    to.close();
  };
  auto serving = pool.spawn(serve(requests, answers));
  std::vector<int> asked;
  std::vector<int> expected;
  for (int i = 0; i < 1000; ++i) {
    asked.push_back(i);
    expected.push_back(i * 2);
  }
  std::thread asking([&] {
    sched::block_on(send_all(requests, asked));
    requests.close();
  });
  EXPECT_EQ(sched::block_on(receive_all(answers)), expected);
  asking.join();
  sched::block_on(tests::join(std::move(serving)));
}

}  // namespace
}  // namespace tacit::sync
