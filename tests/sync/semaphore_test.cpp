#include <tacit/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

sched::task<semaphore::permits> acquire(semaphore& from, std::size_t count) {
  co_return co_await from.acquire(count);
}

TEST(semaphore, gives_what_it_has_and_takes_it_back) {
  stage here;
  semaphore from(3);
  {
    auto two = here.start(acquire(from, 2)).take();
    ASSERT_TRUE(two);
    EXPECT_EQ(two.count(), 2U);
    EXPECT_EQ(from.available(), 1U);
    EXPECT_FALSE(from.try_acquire(2));
  }
  EXPECT_EQ(from.available(), 3U);
}

TEST(semaphore, one_who_wants_many_is_not_overtaken) {
  stage here;
  semaphore from(2);
  auto one = here.start(acquire(from, 1)).take();
  auto wants_two = here.start(acquire(from, 2));
  auto wants_one = here.start(acquire(from, 1));
  EXPECT_FALSE(wants_two.has_ended());
  EXPECT_FALSE(wants_one.has_ended());
  EXPECT_FALSE(from.try_acquire());
  one.release();
  here.settle();
  ASSERT_TRUE(wants_two.has_ended());
  EXPECT_FALSE(wants_one.has_ended());
  wants_two.take().release();
  here.settle();
  EXPECT_TRUE(wants_one.has_ended());
}

TEST(semaphore, release_of_many_lets_all_in_for_whom_there_is_enough) {
  stage here;
  semaphore from(0);
  auto first = here.start(acquire(from, 2));
  auto second = here.start(acquire(from, 1));
  auto third = here.start(acquire(from, 3));
  from.release(4);
  here.settle();
  EXPECT_TRUE(first.has_ended());
  EXPECT_TRUE(second.has_ended());
  EXPECT_FALSE(third.has_ended());
  EXPECT_EQ(from.available(), 1U);
  first.take().release();
  here.settle();
  EXPECT_TRUE(third.has_ended());
}

TEST(semaphore, cancelled_wait_has_taken_nothing_and_lets_those_behind_pass) {
  stage here;
  semaphore from(1);
  sched::cancel_scope scope;
  auto wants_too_many = here.start(acquire(from, 5), &scope);
  auto wants_one = here.start(acquire(from, 1));
  EXPECT_FALSE(wants_one.has_ended());
  scope.cancel(base::errc::timed_out);
  here.settle();
  EXPECT_EQ(wants_too_many.take().error(), make_error_code(base::errc::timed_out));
  ASSERT_TRUE(wants_one.has_ended());
  EXPECT_TRUE(wants_one.take());
}

// Granted and cancelled before it ran: it has its permit, and gives it back as usual.
TEST(semaphore, permit_that_was_granted_before_the_cancellation_is_not_lost) {
  stage here;
  semaphore from(0);
  sched::cancel_scope scope;
  auto waits = here.start(acquire(from, 1), &scope);
  from.release();
  scope.cancel();
  here.settle();
  auto permit = waits.take();
  EXPECT_TRUE(permit);
  permit.release();
  EXPECT_EQ(from.available(), 1U);
}

TEST(semaphore, permits_that_are_kept_are_not_given_back) {
  stage here;
  semaphore from(1);
  EXPECT_EQ(here.start(acquire(from, 1)).take().keep(), 1U);
  EXPECT_EQ(from.available(), 0U);
  from.release();
  EXPECT_EQ(from.available(), 1U);
}

}  // namespace
}  // namespace tacit::sync
