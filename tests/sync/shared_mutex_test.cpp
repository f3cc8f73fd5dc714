#include <tacit/sync/shared_mutex.hpp>

#include <gtest/gtest.h>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using tests::stage;

sched::task<shared_mutex::guard> write(shared_mutex& wanted) {
  co_return co_await wanted.lock();
}

sched::task<shared_mutex::shared_guard> read(shared_mutex& wanted) {
  co_return co_await wanted.lock_shared();
}

TEST(shared_mutex, lets_readers_in_together_and_a_writer_alone) {
  stage here;
  shared_mutex wanted;
  auto first = here.start(read(wanted)).take();
  auto second = here.start(read(wanted)).take();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(wanted.try_lock());
  auto writes = here.start(write(wanted));
  first.unlock();
  here.settle();
  EXPECT_FALSE(writes.has_ended());
  second.unlock();
  here.settle();
  ASSERT_TRUE(writes.has_ended());
  EXPECT_FALSE(wanted.try_lock_shared());
}

TEST(shared_mutex, readers_wait_behind_a_writer_that_waits) {
  stage here;
  shared_mutex wanted;
  auto reading = here.start(read(wanted)).take();
  auto writes = here.start(write(wanted));
  auto reads_later = here.start(read(wanted));
  EXPECT_FALSE(reads_later.has_ended());
  EXPECT_FALSE(wanted.try_lock_shared());
  reading.unlock();
  here.settle();
  ASSERT_TRUE(writes.has_ended());
  EXPECT_FALSE(reads_later.has_ended());
  writes.take().unlock();
  here.settle();
  EXPECT_TRUE(reads_later.has_ended());
}

TEST(shared_mutex, readers_side_by_side_in_the_line_go_in_together) {
  stage here;
  shared_mutex wanted;
  auto writing = here.start(write(wanted)).take();
  auto first = here.start(read(wanted));
  auto second = here.start(read(wanted));
  auto writes_later = here.start(write(wanted));
  auto third = here.start(read(wanted));
  writing.unlock();
  here.settle();
  EXPECT_TRUE(first.has_ended());
  EXPECT_TRUE(second.has_ended());
  EXPECT_FALSE(writes_later.has_ended());
  EXPECT_FALSE(third.has_ended());
  first.take().unlock();
  second.take().unlock();
  here.settle();
  ASSERT_TRUE(writes_later.has_ended());
  writes_later.take().unlock();
  here.settle();
  EXPECT_TRUE(third.has_ended());
}

TEST(shared_mutex, cancelled_writer_lets_the_readers_behind_it_pass) {
  stage here;
  shared_mutex wanted;
  sched::cancel_scope scope;
  const auto reading = here.start(read(wanted)).take();
  auto writes = here.start(write(wanted), &scope);
  auto reads = here.start(read(wanted));
  EXPECT_FALSE(reads.has_ended());
  scope.cancel(base::errc::timed_out);
  here.settle();
  ASSERT_TRUE(writes.has_ended());
  EXPECT_EQ(writes.take().error(), make_error_code(base::errc::timed_out));
  ASSERT_TRUE(reads.has_ended());
  EXPECT_TRUE(reads.take());
}

TEST(shared_mutex, cancelled_reader_has_not_locked_it) {
  stage here;
  shared_mutex wanted;
  sched::cancel_scope scope;
  auto writing = here.start(write(wanted)).take();
  auto reads = here.start(read(wanted), &scope);
  scope.cancel();
  here.settle();
  EXPECT_FALSE(reads.take());
  writing.unlock();
  EXPECT_TRUE(wanted.try_lock());
  wanted.unlock();
}

}  // namespace
}  // namespace tacit::sync
