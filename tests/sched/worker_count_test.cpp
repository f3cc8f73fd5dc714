// How many workers there are: from the start, and when the CPU quota changes.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>

#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/on_workers.hpp"
#include "support/machine_files.hpp"
#include "support/patience.hpp"

namespace tacit::sched {
namespace {

class worker_count : public ::testing::Test {
 protected:
  worker_count() {
    machine_.membership("0::/app\n").mounts(support::machine_files::v2_mount);
    quota("max 100000\n");
  }
  void quota(std::string_view line) { machine_.file("sys/fs/cgroup/app/cpu.max", line); }

  // Who looks after the number of workers does so while one is awake.
  [[nodiscard]] task<> stay_awake() const {
    while (!over_)
      co_await yield();
  }

  static task<std::thread::id> thread_of_a_task() { co_return std::this_thread::get_id(); }

  support::machine_files machine_;
  std::atomic<bool> over_{false};
};

TEST_F(worker_count, one_worker_runs_what_is_spawned_until_the_rest_is_started) {
  scheduler pool({.workers = 3, .starts_whole = false});
  EXPECT_EQ(pool.workers(), 1U);
  EXPECT_EQ(pool.workers_max(), 3U);
  EXPECT_NE(run_in(pool, thread_of_a_task()), std::this_thread::get_id());
  pool.complete();
  EXPECT_EQ(pool.workers(), 3U);
  EXPECT_EQ(pool.active_workers(), 3U);
  EXPECT_EQ(pool.limit().source, "as asked");
}

TEST_F(worker_count, what_is_spawned_before_and_after_the_rest_is_started_runs_to_its_end) {
  scheduler pool({.workers = 3, .starts_whole = false});
  constexpr int tasks = 1'000;
  std::atomic<int> ran{0};
  const auto count = [&]() -> task<> {
    co_await yield();
    ++ran;
  };
  for (int i = 0; i < tasks; ++i)
    pool.spawn(count()).detach();
  pool.complete();
  for (int i = 0; i < tasks; ++i)
    pool.spawn(count()).detach();
  EXPECT_TRUE(support::eventually([&] { return pool.live_roots() == 0; }));
  EXPECT_EQ(ran, 2 * tasks);
}

TEST_F(worker_count, a_scheduler_may_end_before_the_rest_is_started) {
  scheduler pool({.workers = 3, .starts_whole = false});
  run_in(pool, thread_of_a_task());
  EXPECT_EQ(pool.stop(std::chrono::seconds(1)), 0U);
}

TEST_F(worker_count, is_what_the_quota_found_by_somebody_else_allows) {
  quota("100000 100000\n");
  const base::cgroup_finder found(machine_.root());
  scheduler pool({.starts_whole = false});
  pool.complete(&found);
  EXPECT_EQ(pool.workers(), 1U);
  if (affinity_cpus() > 1) {
    EXPECT_EQ(pool.limit().source, (machine_.root() / "sys/fs/cgroup/app/cpu.max").string());
  }
}

TEST_F(worker_count, follows_a_quota_below_and_above_that_of_the_start) {
  if (affinity_cpus() < 2) GTEST_SKIP() << "with one CPU there is one worker, whatever the quota";
  quota("100000 100000\n");
  const base::cgroup_finder found(machine_.root());
  scheduler pool({.starts_whole = false});
  pool.complete(&found);
  pool.spawn(stay_awake()).detach();
  ASSERT_EQ(pool.workers(), 1U);

  quota("200000 100000\n");
  EXPECT_TRUE(support::eventually([&] { return pool.active_workers() == 2; }));
  EXPECT_TRUE(support::eventually([&] { return pool.workers() == 2; }));
  EXPECT_EQ(pool.limit().quota->cpus, 2.0);

  quota("100000 100000\n");
  EXPECT_TRUE(support::eventually([&] { return pool.active_workers() == 1; }));
  EXPECT_EQ(pool.workers(), 2U);  // One of them sits out.
  over_ = true;
}

TEST_F(worker_count, under_a_quota_no_more_spare_workers_are_called_than_were_asked_for) {
  quota("100000 100000\n");
  const base::cgroup_finder found(machine_.root());
  scheduler pool({.starts_whole = false, .spare_workers = 1});
  pool.complete(&found);
  std::atomic<std::uint32_t> held{0};
  const auto hold = [&]() -> task<> {
    ++held;
    while (!over_)
      std::this_thread::yield();
    co_return;
  };
  for (int i = 0; i < 3; ++i)
    pool.spawn(hold()).detach();
  // Both are seen to be held for long, and the third task goes on to wait.
  EXPECT_TRUE(support::eventually([&] { return pool.stalls() >= 2; }));
  EXPECT_EQ(held, 2U);
  EXPECT_EQ(pool.active_workers(), 2U);
  over_ = true;
  EXPECT_TRUE(support::eventually([&] { return pool.live_roots() == 0; }));
  EXPECT_EQ(held, 3U);
}

}  // namespace
}  // namespace tacit::sched
