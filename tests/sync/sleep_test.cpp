#include <tacit/sync/sleep.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::sync {
namespace {

using namespace std::chrono_literals;

template <class T>
sched::task<T> join(sched::join_handle<T> handle) {
  co_return co_await std::move(handle);
}

sched::task<std::chrono::nanoseconds> slept(std::chrono::nanoseconds duration) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(co_await sleep_for(duration));
  co_return std::chrono::steady_clock::now() - start;
}

TEST(sleep, lasts_at_least_as_long_as_asked_on_a_worker) {
  sched::scheduler pool;
  EXPECT_GE(sched::block_on(join(pool.spawn(slept(5ms)))), 5ms);
}

TEST(sleep, lasts_at_least_as_long_as_asked_on_a_thread_that_is_no_worker) {
  EXPECT_GE(sched::block_on(slept(5ms)), 5ms);
}

TEST(sleep, does_not_suspend_for_no_time) {
  EXPECT_TRUE(sleep_for(0ns).await_ready());
  EXPECT_TRUE(sleep_for(-1s).await_ready());
}

TEST(sleep, ends_early_and_says_so_when_the_scheduler_stops) {
  sched::scheduler pool;
  std::atomic<bool> asleep{false};
  const auto body = [](std::atomic<bool>* flag) -> sched::task<base::error_code> {
    flag->store(true);
    co_return co_await sleep_for(std::chrono::hours(1));
  };
  auto handle = pool.spawn(body(&asleep));
  while (!asleep.load())
    std::this_thread::yield();
  EXPECT_EQ(pool.stop(std::chrono::minutes(1)), 0U);
  EXPECT_EQ(handle.take(), make_error_code(base::errc::cancelled));
}

TEST(sleep, many_sleepers_wake_whoever_was_first) {
  sched::scheduler pool;
  std::vector<sched::join_handle<std::chrono::nanoseconds>> handles;
  for (int i = 0; i < 500; ++i)
    handles.push_back(pool.spawn(slept(std::chrono::microseconds(i * 20))));
  for (int i = 0; i < 500; ++i) {
    EXPECT_GE(sched::block_on(join(std::move(handles[static_cast<std::size_t>(i)]))),
              std::chrono::microseconds(i * 20));
  }
}

}  // namespace
}  // namespace tacit::sync
