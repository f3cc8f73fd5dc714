// What is seen from outside of coroutines that keep their worker.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <tacit/memory/frame_note.hpp>
#include <tacit/sched/stall.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"
#include "support/patience.hpp"

namespace tacit::sched {
namespace {

using namespace std::chrono_literals;

// What the monitor reported.
class reports {
 public:
  void add(const stall& seen) {
    const std::lock_guard lock(mutex_);
    all_.push_back(seen);
    changed_.notify_all();
  }
  void await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return all_.size() >= count; });
  }
  stall first() {
    await(1);
    const std::lock_guard lock(mutex_);
    return all_.front();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return all_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<stall> all_;  // Guarded by mutex_.
};

scheduler_options reporting_to(reports& into, int workers, std::chrono::nanoseconds bound) {
  auto options = with_workers(workers);
  options.stall_bound = bound;
  options.on_stall = [&into](const stall& seen) { into.add(seen); };
  return options;
}

// Keeps its worker until the stall has been reported, and then for as long again as the monitor
// needs for some more looks.
task<> stuck_until_reported(reports* all) {
  all->first();
  std::this_thread::sleep_for(150ms);
  co_return;
}

task<> stuck_until_counted(const scheduler* on, std::uint64_t stalls) {
  while (on->stalls() < stalls)
    std::this_thread::yield();
  co_return;
}

TEST(monitor, reports_a_stall_once_with_its_duration_and_function) {
  reports all;
  scheduler pool(reporting_to(all, 2, 2ms));
  run_in(pool, stuck_until_reported(&all));
  const stall seen = all.first();
  EXPECT_GE(seen.duration, 2ms);
  EXPECT_LT(seen.worker, 2U);
  EXPECT_NE(std::string(seen.function.function_name()).find("stuck_until_reported"),
            std::string::npos)
      << seen.function.function_name();
  EXPECT_EQ(seen.request, 0U);
  EXPECT_EQ(all.count(), 1U);
  EXPECT_EQ(pool.stalls(), 1U);
}

TEST(monitor, names_the_request_that_a_stalled_coroutine_serves) {
  struct serve {
    std::uint64_t request;
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<detail::task_promise<void>> self) {
      memory::note(self.promise().note().request, request);
      return false;
    }
    void await_resume() const {}
  };
  const auto body = [](reports* all) -> task<> {
    co_await serve{77};
    co_await yield();
    all->first();
  };
  reports all;
  scheduler pool(reporting_to(all, 1, 20ms));
  run_in(pool, body(&all));
  EXPECT_EQ(all.first().request, 77U);
}

TEST(monitor, counts_every_stall_and_reports_at_most_ten_a_second) {
  constexpr std::uint64_t stalls = 30;
  reports all;
  scheduler pool(reporting_to(all, 1, 1ms));
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 1; i <= stalls; ++i)
    run_in(pool, stuck_until_counted(&pool, i));
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(pool.stalls(), stalls);
  EXPECT_LE(all.count(), 1 + static_cast<std::size_t>(took / 100ms));
  EXPECT_GE(all.count(), 1U);
}

TEST(monitor, reports_a_stall_behind_a_reported_one_if_it_lasts) {
  const auto stuck_until = [](reports* all, std::size_t count) -> task<> {
    all->await(count);
    co_return;
  };
  reports all;
  scheduler pool(reporting_to(all, 1, 1ms));
  run_in(pool, stuck_until(&all, 1));
  run_in(pool, stuck_until(&all, 2));
  EXPECT_EQ(pool.stalls(), 2U);
}

TEST(monitor, can_be_told_not_to_report) {
  reports all;
  scheduler pool(reporting_to(all, 1, 0ns));
  const auto body = []() -> task<> {
    std::this_thread::sleep_for(30ms);
    co_return;
  };
  run_in(pool, body());
  EXPECT_EQ(pool.stalls(), 0U);
}

TEST(monitor, remembers_the_longest_run) {
  scheduler pool(with_workers(1));
  const auto body = []() -> task<> {
    std::this_thread::sleep_for(20ms);
    co_return;
  };
  run_in(pool, body());
  EXPECT_TRUE(support::eventually([&] { return pool.statistics(0).longest_run >= 10ms; }));
}

// How often the thread of this process with that name has gone to sleep so far.
std::uint64_t sleeps_of(const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string found;
    std::getline(std::ifstream(entry.path() / "comm"), found);
    if (found != name) continue;
    std::ifstream status(entry.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("voluntary_ctxt_switches:", 0) == 0) {
        return std::stoull(line.substr(line.find(':') + 1));
      }
    }
  }
  return 0;
}

// One who looks at least every 10 ms goes to sleep at least a few times in 100 ms.
TEST(monitor, does_not_run_while_nothing_runs_and_wakes_with_the_workers) {
  reports all;
  scheduler pool(reporting_to(all, 2, 2ms));
  EXPECT_TRUE(support::eventually([] {
    const std::uint64_t before = sleeps_of("tacit-monitor");
    std::this_thread::sleep_for(100ms);
    return before != 0 && sleeps_of("tacit-monitor") == before;
  }));
  EXPECT_EQ(pool.stalls(), 0U) << "a parked worker is no stuck one";
  run_in(pool, stuck_until_reported(&all));
  EXPECT_EQ(all.count(), 1U);
}

// As when it has seen the last worker park, there were four more looks 2 ms apart after each.
TEST(monitor, looks_for_idle_memory_only_when_it_was_told_to_while_nothing_runs) {
  std::atomic<int> in_a_row{0};
  base::steady_time asked_for{};
  auto options = with_workers(1);
  options.keep_memory = [&](base::steady_time now, bool is_quiet) {
    in_a_row = is_quiet && now >= asked_for ? in_a_row + 1 : 0;
    return asked_for = now + 20ms;
  };
  const scheduler pool(options);
  EXPECT_TRUE(support::eventually([&] { return in_a_row >= 5; }));
}

}  // namespace
}  // namespace tacit::sched
