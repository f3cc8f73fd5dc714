#include <tacit/sync/wait_group.hpp>

#include <gtest/gtest.h>

#include <memory>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

sched::task<base::error_code> wait(wait_group& work) {
  co_return co_await work.wait();
}

TEST(wait_group, does_not_wait_for_no_work) {
  stage here;
  wait_group work;
  auto waits = here.start(wait(work));
  ASSERT_TRUE(waits.has_ended());
  EXPECT_FALSE(waits.take());
}

TEST(wait_group, wakes_all_who_wait_when_the_last_is_done) {
  stage here;
  wait_group work(2);
  auto first = here.start(wait(work));
  auto second = here.start(wait(work));
  work.add();
  work.done(2);
  here.settle();
  EXPECT_FALSE(first.has_ended());
  EXPECT_EQ(work.count(), 1U);
  work.done();
  here.settle();
  EXPECT_TRUE(first.has_ended());
  EXPECT_TRUE(second.has_ended());
}

TEST(wait_group, can_be_used_again) {
  stage here;
  wait_group work;
  for (int round = 0; round < 3; ++round) {
    work.add();
    auto waits = here.start(wait(work));
    EXPECT_FALSE(waits.has_ended());
    work.done();
    here.settle();
    EXPECT_TRUE(waits.has_ended());
  }
}

TEST(wait_group, cancelled_wait_leaves_the_count_as_it_is) {
  stage here;
  wait_group work(1);
  sched::cancel_scope scope;
  auto given_up = here.start(wait(work), &scope);
  scope.cancel(base::errc::timed_out);
  here.settle();
  EXPECT_EQ(given_up.take(), make_error_code(base::errc::timed_out));
  EXPECT_EQ(work.count(), 1U);
  auto waits = here.start(wait(work));
  EXPECT_FALSE(waits.has_ended());
  work.done();
  here.settle();
  EXPECT_TRUE(waits.has_ended());
}

sched::task<> finish(wait_group& work, int& results) {
  ++results;
  work.done();
  co_return;
}

sched::task<> wait_and_destroy(sched::scheduler& on, int& results) {
  auto work = std::make_unique<wait_group>(1);
  on.spawn(finish(*work, results)).detach();
  const auto cause = co_await work->wait();
  EXPECT_FALSE(cause);
  work.reset();
  ++results;
}

TEST(wait_group, may_be_destroyed_by_whoever_has_waited) {
  sched::scheduler pool(tests::with_workers(4));
  for (int round = 0; round < 5000; ++round) {
    int results = 0;
    tests::run_on(pool, wait_and_destroy(pool, results));
    ASSERT_EQ(results, 2);
  }
}

}  // namespace
}  // namespace tacit::sync
