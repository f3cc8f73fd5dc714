#include <tacit/sync/condition.hpp>

#include <gtest/gtest.h>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

struct guarded {
  mutex lock;
  condition changed;
  int value = 0;
};

// The guard comes back with the error, so that a test sees who holds the mutex.
struct waited {
  base::error_code error;
  mutex::guard held;
};

sched::task<waited> wait_for(guarded& what, int value) {
  auto held = co_await what.lock.lock();
  const auto error =
      co_await what.changed.wait(held, [&what, value] { return what.value == value; });
  co_return waited{error, std::move(held)};
}

sched::task<waited> wait_once(guarded& what) {
  auto held = co_await what.lock.lock();
  const auto error = co_await what.changed.wait(held);
  co_return waited{error, std::move(held)};
}

TEST(condition, does_not_wait_for_what_holds_already) {
  stage here;
  guarded what;
  auto result = here.start(wait_for(what, 0)).take();
  EXPECT_FALSE(result.error);
  EXPECT_FALSE(what.lock.try_lock());
}

TEST(condition, unlocks_while_it_waits_and_locks_before_it_returns) {
  stage here;
  guarded what;
  auto waits = here.start(wait_for(what, 1));
  ASSERT_TRUE(what.lock.try_lock());
  what.value = 1;
  what.changed.notify_one();
  here.settle();
  EXPECT_FALSE(waits.has_ended());
  what.lock.unlock();
  here.settle();
  ASSERT_TRUE(waits.has_ended());
  EXPECT_TRUE(waits.take().held);
}

TEST(condition, waits_on_when_it_is_notified_of_something_else) {
  stage here;
  guarded what;
  auto waits = here.start(wait_for(what, 1));
  what.value = 2;
  what.changed.notify_all();
  here.settle();
  EXPECT_FALSE(waits.has_ended());
  what.value = 1;
  what.changed.notify_all();
  here.settle();
  EXPECT_TRUE(waits.has_ended());
}

TEST(condition, notify_one_wakes_who_waited_longest_and_notify_all_the_rest) {
  stage here;
  guarded what;
  auto first = here.start(wait_once(what));
  auto second = here.start(wait_once(what));
  auto third = here.start(wait_once(what));
  what.changed.notify_one();
  here.settle();
  EXPECT_TRUE(first.has_ended());
  EXPECT_FALSE(second.has_ended());
  what.changed.notify_all();
  here.settle();
  EXPECT_FALSE(second.has_ended());  // The first holds the mutex still.
  first.take().held.unlock();
  here.settle();
  second.take().held.unlock();
  here.settle();
  EXPECT_TRUE(third.has_ended());
}

TEST(condition, notification_that_nobody_waits_for_is_not_kept) {
  stage here;
  guarded what;
  what.changed.notify_one();
  auto waits = here.start(wait_once(what));
  EXPECT_FALSE(waits.has_ended());
  what.changed.notify_one();
  here.settle();
  EXPECT_TRUE(waits.has_ended());
}

TEST(condition, cancelled_wait_holds_the_mutex_before_it_returns) {
  stage here;
  guarded what;
  sched::cancel_scope scope;
  auto waits = here.start(wait_for(what, 1), &scope);
  ASSERT_TRUE(what.lock.try_lock());
  scope.cancel(base::errc::timed_out);
  here.settle();
  EXPECT_FALSE(waits.has_ended());
  what.lock.unlock();
  here.settle();
  ASSERT_TRUE(waits.has_ended());
  auto result = waits.take();
  EXPECT_EQ(result.error, make_error_code(base::errc::timed_out));
  EXPECT_TRUE(result.held);
  EXPECT_FALSE(what.lock.try_lock());
}

TEST(condition, wait_in_a_cancelled_scope_does_not_unlock) {
  stage here;
  guarded what;
  sched::cancel_scope scope;
  scope.cancel();
  auto result = here.start(wait_for(what, 1), &scope).take();
  EXPECT_TRUE(result.error);
  EXPECT_TRUE(result.held);
  EXPECT_FALSE(what.lock.try_lock());
}

TEST(condition, notification_passes_by_one_that_was_cancelled) {
  stage here;
  guarded what;
  sched::cancel_scope scope;
  auto given_up = here.start(wait_once(what), &scope);
  auto patient = here.start(wait_once(what));
  scope.cancel();
  what.changed.notify_one();
  here.settle();
  ASSERT_TRUE(given_up.has_ended());
  EXPECT_TRUE(given_up.take().error);
  here.settle();
  ASSERT_TRUE(patient.has_ended());
  EXPECT_FALSE(patient.take().error);
}

}  // namespace
}  // namespace tacit::sync
