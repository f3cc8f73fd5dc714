#include <tacit/sync/broadcast.hpp>

#include <gtest/gtest.h>

#include <vector>

#include <tacit/sched/yield.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

template <class Subscription>
sched::task<typename Subscription::received> receive(Subscription& from) {
  co_return co_await from.receive();
}

TEST(broadcast, every_subscriber_gets_every_value) {
  stage here;
  broadcast<int> news(4);
  auto first = news.subscribe();
  auto second = news.subscribe();
  for (int value = 1; value <= 3; ++value)
    EXPECT_TRUE(news.send(value));
  for (int value = 1; value <= 3; ++value) {
    auto got = here.start(receive(first)).take();
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, value);
    EXPECT_EQ(got.missed(), 0U);
    EXPECT_EQ(*here.start(receive(second)).take(), value);
  }
  EXPECT_EQ(first.try_receive().error(), make_error_code(base::errc::would_block));
}

TEST(broadcast, subscriber_gets_what_is_sent_after_it_subscribed) {
  broadcast<int> news(4);
  news.send(1);
  auto late = news.subscribe();
  news.send(2);
  EXPECT_EQ(*late.try_receive(), 2);
}

TEST(broadcast, wakes_all_who_wait) {
  stage here;
  broadcast<int> news(4);
  auto first = news.subscribe();
  auto second = news.subscribe();
  auto first_waits = here.start(receive(first));
  auto second_waits = here.start(receive(second));
  EXPECT_FALSE(first_waits.has_ended());
  news.send(7);
  here.settle();
  EXPECT_EQ(*first_waits.take(), 7);
  EXPECT_EQ(*second_waits.take(), 7);
}

TEST(broadcast, one_that_is_too_slow_is_told_how_many_it_missed) {
  broadcast<int> news(3);
  auto slow = news.subscribe();
  for (int value = 1; value <= 8; ++value)
    news.send(value);
  auto got = slow.try_receive();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, 6);
  EXPECT_EQ(got.missed(), 5U);
  EXPECT_EQ(slow.try_receive().missed(), 0U);
}

TEST(broadcast, closed_one_yields_what_it_held_and_then_says_so) {
  stage here;
  broadcast<int> news(3);
  auto reads = news.subscribe();
  news.send(1);
  news.close();
  EXPECT_FALSE(news.send(2));
  EXPECT_EQ(*here.start(receive(reads)).take(), 1);
  EXPECT_EQ(here.start(receive(reads)).take().error(), make_error_code(base::errc::closed));
}

TEST(broadcast, close_wakes_who_waits) {
  stage here;
  broadcast<int> news(3);
  auto reads = news.subscribe();
  auto waits = here.start(receive(reads));
  news.close();
  here.settle();
  EXPECT_EQ(waits.take().error(), make_error_code(base::errc::closed));
}

TEST(broadcast, cancelled_receive_has_lost_nothing) {
  stage here;
  broadcast<int> news(3);
  auto reads = news.subscribe();
  sched::cancel_scope scope;
  auto waits = here.start(receive(reads), &scope);
  scope.cancel(base::errc::timed_out);
  news.send(5);
  here.settle();
  EXPECT_EQ(waits.take().error(), make_error_code(base::errc::timed_out));
  auto got = reads.try_receive();
  EXPECT_EQ(*got, 5);
  EXPECT_EQ(got.missed(), 0U);
}

constexpr int sent_in_all = 20000;

sched::task<> send_all(broadcast<int>& news) {
  for (int value = 0; value < sent_in_all; ++value) {
    news.send(value);
    if (value % 16 == 0) co_await sched::yield();
  }
  news.close();
}

// Every value is either received, in order, or counted as missed.
sched::task<std::uint64_t> read_all(broadcast<int>::subscription from) {
  std::uint64_t accounted = 0;
  while (auto got = co_await from.receive()) {
    accounted += got.missed();
    EXPECT_EQ(static_cast<std::uint64_t>(*got), accounted);
    ++accounted;
  }
  co_return accounted;
}

TEST(broadcast, readers_on_many_workers_can_account_for_every_value) {
  sched::scheduler pool(tests::with_workers(4));
  broadcast<int> news(64);
  std::vector<sched::join_handle<std::uint64_t>> readers;
  for (int i = 0; i < 6; ++i)
    readers.push_back(pool.spawn(read_all(news.subscribe())));
  tests::run_on(pool, send_all(news));
  for (auto& each : readers)
    EXPECT_EQ(sched::block_on(tests::join(std::move(each))), std::uint64_t{sent_in_all});
}

}  // namespace
}  // namespace tacit::sync
