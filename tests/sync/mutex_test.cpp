#include <tacit/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

// Appends its name once it holds the mutex, and holds it until `leave` is unlocked.
sched::task<base::error_code> visit(mutex& wanted, mutex& leave, char name, std::string& order) {
  const auto held = co_await wanted.lock();
  if (!held) co_return held.error();
  order += name;
  const auto may_leave = co_await leave.lock();
  co_return base::error_code{};
}

sched::task<base::error_code> lock_once(mutex& wanted) {
  const auto held = co_await wanted.lock();
  co_return held.error();
}

TEST(mutex, is_taken_at_once_when_it_is_free) {
  const stage here;
  mutex free;
  {
    ASSERT_TRUE(free.try_lock());
    const mutex::guard held(free);
    EXPECT_FALSE(free.try_lock());
  }
  EXPECT_TRUE(free.try_lock());
  free.unlock();
}

TEST(mutex, lets_those_who_wait_in_by_the_order_of_arrival) {
  stage here;
  mutex wanted;
  mutex leave;
  std::string order;
  ASSERT_TRUE(wanted.try_lock());
  std::vector<sched::join_handle<base::error_code>> visits;
  for (const char name : std::string("abc"))
    visits.push_back(here.start(visit(wanted, leave, name, order)));
  EXPECT_EQ(order, "");
  wanted.unlock();
  here.settle();
  EXPECT_EQ(order, "abc");
  for (auto& each : visits)
    EXPECT_FALSE(each.take());
}

TEST(mutex, can_be_taken_past_one_that_was_woken_and_has_not_run_yet) {
  stage here;
  mutex wanted;
  ASSERT_TRUE(wanted.try_lock());
  auto waits = here.start(lock_once(wanted));
  wanted.unlock();
  EXPECT_TRUE(wanted.try_lock());
  here.settle();
  EXPECT_FALSE(waits.has_ended());
  wanted.unlock();
  here.settle();
  EXPECT_TRUE(waits.has_ended());
}

TEST(mutex, is_handed_over_to_one_that_was_passed_over_twice) {
  stage here;
  mutex wanted;
  ASSERT_TRUE(wanted.try_lock());
  auto waits = here.start(lock_once(wanted));
  for (int passed_over = 0; passed_over < 2; ++passed_over) {
    wanted.unlock();
    ASSERT_TRUE(wanted.try_lock());
    here.settle();
  }
  wanted.unlock();
  EXPECT_FALSE(wanted.try_lock());
  here.settle();
  EXPECT_TRUE(waits.has_ended());
  EXPECT_TRUE(wanted.try_lock());
  wanted.unlock();
}

TEST(mutex, one_that_was_passed_over_keeps_its_place_in_the_line) {
  stage here;
  mutex wanted;
  mutex leave;
  std::string order;
  ASSERT_TRUE(wanted.try_lock());
  auto first = here.start(visit(wanted, leave, 'a', order));
  auto second = here.start(visit(wanted, leave, 'b', order));
  wanted.unlock();
  ASSERT_TRUE(wanted.try_lock());
  here.settle();
  EXPECT_EQ(order, "");
  wanted.unlock();
  here.settle();
  EXPECT_EQ(order, "ab");
}

TEST(mutex, cancelled_wait_gives_the_cause_and_leaves_the_line) {
  stage here;
  mutex wanted;
  mutex leave;
  std::string order;
  sched::cancel_scope scope;
  ASSERT_TRUE(wanted.try_lock());
  auto given_up = here.start(visit(wanted, leave, 'a', order), &scope);
  auto patient = here.start(visit(wanted, leave, 'b', order));
  scope.cancel(base::errc::timed_out);
  here.settle();
  ASSERT_TRUE(given_up.has_ended());
  EXPECT_EQ(given_up.take(), make_error_code(base::errc::timed_out));
  wanted.unlock();
  here.settle();
  EXPECT_TRUE(patient.has_ended());
  EXPECT_EQ(order, "b");
}

TEST(mutex, is_free_again_after_the_only_one_who_waited_was_cancelled) {
  stage here;
  mutex wanted;
  sched::cancel_scope scope;
  ASSERT_TRUE(wanted.try_lock());
  auto given_up = here.start(lock_once(wanted), &scope);
  scope.cancel();
  here.settle();
  wanted.unlock();
  EXPECT_TRUE(wanted.try_lock());
  wanted.unlock();
  EXPECT_TRUE(given_up.take());
}

// It was taken off the line before the cancellation: somebody has to be woken in its place.
TEST(mutex, cancellation_of_a_woken_one_does_not_lose_the_wake_up) {
  stage here;
  mutex wanted;
  sched::cancel_scope scope;
  ASSERT_TRUE(wanted.try_lock());
  auto woken = here.start(lock_once(wanted), &scope);
  auto next = here.start(lock_once(wanted));
  wanted.unlock();
  ASSERT_TRUE(wanted.try_lock());
  scope.cancel();
  here.settle();
  ASSERT_TRUE(woken.has_ended());
  EXPECT_EQ(woken.take(), make_error_code(base::errc::cancelled));
  EXPECT_FALSE(next.has_ended());
  wanted.unlock();
  here.settle();
  EXPECT_TRUE(next.has_ended());
}

TEST(mutex, cancelled_scope_does_not_keep_a_free_one_from_being_taken) {
  stage here;
  mutex wanted;
  sched::cancel_scope scope;
  scope.cancel();
  EXPECT_FALSE(here.start(lock_once(wanted), &scope).take());
  ASSERT_TRUE(wanted.try_lock());
  EXPECT_TRUE(here.start(lock_once(wanted), &scope).take());
  wanted.unlock();
}

TEST(mutex, guard_can_be_moved_unlocked_early_and_released) {
  const stage here;
  mutex wanted;
  ASSERT_TRUE(wanted.try_lock());
  mutex::guard first(wanted);
  mutex::guard second(std::move(first));
  EXPECT_FALSE(first);
  EXPECT_EQ(second.lock(), &wanted);
  second.unlock();
  EXPECT_FALSE(second);
  ASSERT_TRUE(wanted.try_lock());
  mutex::guard third(wanted);
  EXPECT_EQ(third.release(), &wanted);
  EXPECT_FALSE(wanted.try_lock());
  wanted.unlock();
}

// Each unlock but the last leaves it to others, who may free it before the call has returned.
sched::task<> leave_last(mutex* own, int& left) {
  auto held = co_await own->lock();
  const bool last = --left == 0;
  held.unlock();
  if (last) delete own;
}

TEST(mutex, may_be_destroyed_by_whoever_unlocked_it_last) {
  sched::scheduler pool(tests::with_workers(4));
  for (int round = 0; round < 2000; ++round) {
    int left = 6;
    auto* const shared = new mutex;
    std::vector<sched::join_handle<>> handles;
    for (int i = 0; i < 6; ++i)
      handles.push_back(pool.spawn(leave_last(shared, left)));
    for (auto& each : handles)
      sched::block_on(tests::join(std::move(each)));
  }
}

}  // namespace
}  // namespace tacit::sync
