#include <tacit/sync/watch.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <tacit/sched/yield.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

template <class Subscription>
sched::task<typename Subscription::received> receive_from(Subscription& from) {
  co_return co_await from.receive();
}

TEST(watch, has_its_first_value_and_then_the_last_one) {
  watch<std::string> setting("a");
  EXPECT_EQ(setting.get(), "a");
  EXPECT_TRUE(setting.set("b"));
  EXPECT_EQ(setting.get(), "b");
}

TEST(watch, subscriber_waits_for_a_change) {
  stage here;
  watch<int> setting(1);
  auto follows = setting.subscribe();
  auto waits = here.start(receive_from(follows));
  EXPECT_FALSE(waits.has_ended());
  setting.set(2);
  here.settle();
  EXPECT_EQ(*waits.take(), 2);
  EXPECT_EQ(follows.try_receive().error(), make_error_code(base::errc::would_block));
}

TEST(watch, slow_subscriber_gets_the_newest_value) {
  stage here;
  watch<int> setting(0);
  auto follows = setting.subscribe();
  for (int value = 1; value <= 5; ++value)
    setting.set(value);
  auto changed = here.start(receive_from(follows)).take();
  EXPECT_EQ(*changed, 5);
  EXPECT_EQ(changed.missed(), 4U);
}

TEST(watch, closed_one_yields_the_last_value_and_then_says_so) {
  stage here;
  watch<int> setting(0);
  auto follows = setting.subscribe();
  setting.set(1);
  setting.close();
  EXPECT_FALSE(setting.set(2));
  EXPECT_EQ(setting.get(), 1);
  EXPECT_EQ(*here.start(receive_from(follows)).take(), 1);
  EXPECT_EQ(here.start(receive_from(follows)).take().error(), make_error_code(base::errc::closed));
}

TEST(watch, cancelled_receive_has_lost_nothing) {
  stage here;
  watch<int> setting(0);
  auto follows = setting.subscribe();
  sched::cancel_scope scope;
  auto waits = here.start(receive_from(follows), &scope);
  scope.cancel(base::errc::timed_out);
  setting.set(1);
  here.settle();
  EXPECT_EQ(waits.take().error(), make_error_code(base::errc::timed_out));
  EXPECT_EQ(*follows.try_receive(), 1);
}

constexpr int last = 20000;

sched::task<> set_all(watch<int>& setting) {
  for (int value = 1; value <= last; ++value) {
    setting.set(value);
    if (value % 16 == 0) co_await sched::yield();
  }
  setting.close();
}

sched::task<int> follow(watch<int>::subscription from) {
  int newest = 0;
  while (auto changed = co_await from.receive()) {
    EXPECT_GT(*changed, newest);
    newest = *changed;
  }
  co_return newest;
}

TEST(watch, followers_on_many_workers_see_the_last_value_and_never_an_older_one) {
  sched::scheduler pool(tests::with_workers(4));
  watch<int> setting(0);
  std::vector<sched::join_handle<int>> followers;
  for (int i = 0; i < 6; ++i)
    followers.push_back(pool.spawn(follow(setting.subscribe())));
  tests::run_on(pool, set_all(setting));
  for (auto& each : followers)
    EXPECT_EQ(sched::block_on(tests::join(std::move(each))), last);
}

}  // namespace
}  // namespace tacit::sync
