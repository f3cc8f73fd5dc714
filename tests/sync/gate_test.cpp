#include <tacit/sync/gate.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include <tacit/sched/yield.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

sched::task<base::error_code> drain(gate& what) {
  co_return co_await what.drained();
}

TEST(gate, lets_in_until_it_is_closed) {
  gate open;
  {
    const auto in = open.enter();
    EXPECT_TRUE(in);
    EXPECT_EQ(open.inside(), 1U);
  }
  EXPECT_EQ(open.inside(), 0U);
  EXPECT_FALSE(open.is_closed());
  open.close();
  open.close();
  EXPECT_TRUE(open.is_closed());
  EXPECT_EQ(open.enter().error(), make_error_code(base::errc::closed));
}

TEST(gate, is_drained_when_the_last_has_left) {
  stage here;
  gate open;
  auto first = open.enter();
  auto second = open.enter();
  open.close();
  auto waits = here.start(drain(open));
  first.unlock();
  here.settle();
  EXPECT_FALSE(waits.has_ended());
  second.unlock();
  here.settle();
  ASSERT_TRUE(waits.has_ended());
  EXPECT_FALSE(waits.take());
}

TEST(gate, is_not_drained_before_it_is_closed) {
  stage here;
  gate open;
  auto waits = here.start(drain(open));
  open.enter().unlock();
  here.settle();
  EXPECT_FALSE(waits.has_ended());
  open.close();
  here.settle();
  EXPECT_TRUE(waits.has_ended());
}

TEST(gate, cancelled_wait_leaves_it_and_its_entries_as_they_are) {
  stage here;
  gate open;
  sched::cancel_scope scope;
  auto in = open.enter();
  open.close();
  auto given_up = here.start(drain(open), &scope);
  scope.cancel(base::errc::timed_out);
  here.settle();
  EXPECT_EQ(given_up.take(), make_error_code(base::errc::timed_out));
  EXPECT_EQ(open.inside(), 1U);
  in.unlock();
  EXPECT_TRUE(here.start(drain(open)).has_ended());
}

sched::task<> visit_until_closed(gate& open, std::atomic<int>& inside, std::atomic<bool>& drained) {
  for (;;) {
    const auto in = open.enter();
    if (!in) co_return;
    inside.fetch_add(1);
    co_await sched::yield();
    EXPECT_FALSE(drained.load());
    inside.fetch_sub(1);
  }
}

sched::task<> open_and_drain(sched::scheduler& on) {
  gate open;
  std::atomic<int> inside{0};
  std::atomic<bool> drained{false};
  std::vector<sched::join_handle<>> visitors;
  for (int i = 0; i < 8; ++i)
    visitors.push_back(on.spawn(visit_until_closed(open, inside, drained)));
  for (int i = 0; i < 20; ++i)
    co_await sched::yield();
  open.close();
  EXPECT_FALSE(co_await open.drained());
  drained.store(true);
  EXPECT_EQ(inside.load(), 0);
  for (auto& each : visitors)
    co_await std::move(each);
}

TEST(gate, nobody_is_inside_once_it_is_drained) {
  sched::scheduler pool(tests::with_workers(4));
  for (int round = 0; round < 200; ++round)
    tests::run_on(pool, open_and_drain(pool));
}

}  // namespace
}  // namespace tacit::sync
