#include <tacit/sync/once.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include <tacit/sched/yield.hpp>
#include <tacit/sync/mutex.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

sched::task<base::error_code> count_once(once& what, int& runs) {
  co_return co_await what.call([&runs] { ++runs; });
}

// Waits until it may go on, and then throws if it is to.
sched::task<> work(mutex& may_go_on, int& runs, bool fails) {
  ++runs;
  const auto held = co_await may_go_on.lock();
  if (!held) throw std::runtime_error("cancelled");
  if (fails) throw std::runtime_error("failed");
}

sched::task<base::error_code> call_work(once& what, mutex& may_go_on, int& runs, bool fails) {
  co_return co_await what.call([&may_go_on, &runs, fails] { return work(may_go_on, runs, fails); });
}

TEST(once, runs_a_function_once) {
  stage here;
  once what;
  int runs = 0;
  EXPECT_FALSE(what.is_done());
  EXPECT_FALSE(here.start(count_once(what, runs)).take());
  EXPECT_FALSE(here.start(count_once(what, runs)).take());
  EXPECT_TRUE(what.is_done());
  EXPECT_EQ(runs, 1);
}

TEST(once, others_wait_until_it_is_done) {
  stage here;
  once what;
  mutex may_go_on;
  int runs = 0;
  ASSERT_TRUE(may_go_on.try_lock());
  auto first = here.start(call_work(what, may_go_on, runs, false));
  auto second = here.start(call_work(what, may_go_on, runs, false));
  auto third = here.start(count_once(what, runs));
  EXPECT_FALSE(second.has_ended());
  may_go_on.unlock();
  here.settle();
  EXPECT_FALSE(first.take());
  EXPECT_FALSE(second.take());
  EXPECT_FALSE(third.take());
  EXPECT_EQ(runs, 1);
}

TEST(once, next_in_line_tries_when_one_throws) {
  stage here;
  once what;
  mutex may_go_on;
  int runs = 0;
  ASSERT_TRUE(may_go_on.try_lock());
  auto first = here.start(call_work(what, may_go_on, runs, true));
  auto second = here.start(call_work(what, may_go_on, runs, true));
  auto third = here.start(call_work(what, may_go_on, runs, false));
  may_go_on.unlock();
  here.settle();
  EXPECT_THROW(first.take(), std::runtime_error);
  EXPECT_THROW(second.take(), std::runtime_error);
  EXPECT_FALSE(third.take());
  EXPECT_EQ(runs, 3);
  EXPECT_TRUE(what.is_done());
}

TEST(once, one_that_waits_can_be_cancelled_and_the_running_one_goes_on) {
  stage here;
  once what;
  mutex may_go_on;
  int runs = 0;
  sched::cancel_scope scope;
  ASSERT_TRUE(may_go_on.try_lock());
  auto running = here.start(call_work(what, may_go_on, runs, false));
  auto given_up = here.start(count_once(what, runs), &scope);
  scope.cancel(base::errc::timed_out);
  here.settle();
  EXPECT_EQ(given_up.take(), make_error_code(base::errc::timed_out));
  may_go_on.unlock();
  here.settle();
  EXPECT_FALSE(running.take());
  EXPECT_EQ(runs, 1);
}

TEST(once, cancelling_the_running_one_has_the_next_one_try) {
  stage here;
  once what;
  mutex may_go_on;
  int runs = 0;
  sched::cancel_scope scope;
  ASSERT_TRUE(may_go_on.try_lock());
  auto running = here.start(call_work(what, may_go_on, runs, false), &scope);
  auto next = here.start(call_work(what, may_go_on, runs, false));
  scope.cancel();
  here.settle();
  EXPECT_THROW(running.take(), std::runtime_error);
  EXPECT_EQ(runs, 2);
  may_go_on.unlock();
  here.settle();
  EXPECT_FALSE(next.take());
}

sched::task<> fail_some(std::atomic<int>& attempts, std::atomic<int>& inside) {
  EXPECT_EQ(inside.fetch_add(1), 0);
  co_await sched::yield();
  inside.fetch_sub(1);
  if (attempts.fetch_add(1) < 5) throw std::runtime_error("not yet");
}

sched::task<bool> succeeds(once& what, std::atomic<int>& attempts, std::atomic<int>& inside) {
  try {
    const auto cause =
        co_await what.call([&attempts, &inside] { return fail_some(attempts, inside); });
    EXPECT_FALSE(cause);
    co_return true;
  } catch (const std::runtime_error&) {
    co_return false;
  }
}

TEST(once, one_at_a_time_tries_until_one_succeeds_on_many_workers) {
  sched::scheduler pool(tests::with_workers(4));
  for (int round = 0; round < 100; ++round) {
    once what;
    std::atomic<int> attempts{0};
    std::atomic<int> inside{0};
    std::vector<sched::join_handle<bool>> calls;
    for (int i = 0; i < 16; ++i)
      calls.push_back(pool.spawn(succeeds(what, attempts, inside)));
    int failed = 0;
    for (auto& each : calls)
      failed += sched::block_on(tests::join(std::move(each))) ? 0 : 1;
    EXPECT_EQ(failed, 5);
    EXPECT_EQ(attempts.load(), 6);
  }
}

}  // namespace
}  // namespace tacit::sync
