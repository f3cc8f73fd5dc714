#include <tacit/sched/blocking.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/this_worker.hpp>

namespace tacit::sched {
namespace {

template <class T>
task<T> join(join_handle<T> handle) {
  co_return co_await std::move(handle);
}

template <class T>
T run_on(scheduler& pool, task<T> body) {
  return block_on(join(pool.spawn(std::move(body))));
}

// A pool is in a state once its threads have got there, which nothing announces.
template <class Predicate>
void wait_until(const blocking_pool& pool, Predicate is_so) {
  while (!is_so(pool.statistics()))
    std::this_thread::yield();
}

// A job that stays until it is let go.
struct held_job final : blocking_pool::job {
  std::latch started{1}, go{1}, ended{1};
  std::thread::id ran_on;
  std::error_code refused;
  void run() noexcept override {
    ran_on = std::this_thread::get_id();
    started.count_down();
    go.wait();
    ended.count_down();
  }
  void refuse(std::error_code why) noexcept override {
    refused = why;
    ended.count_down();
  }
};

TEST(blocking, calls_off_the_worker_and_comes_back_to_one) {
  scheduler workers;
  blocking_pool pool;
  const auto body = [](blocking_pool& on) -> task<bool> {
    const bool was_on_worker =
        co_await blocking(on, [] { return this_worker::timers() != nullptr; });
    co_return !was_on_worker && this_worker::timers() != nullptr;
  };
  EXPECT_TRUE(run_on(workers, body(pool)));
}

TEST(blocking, gives_values_that_can_only_be_moved_and_keeps_what_the_function_captured) {
  scheduler workers;
  blocking_pool pool;
  const auto body = [](blocking_pool& on) -> task<std::string> {
    auto text = std::make_unique<std::string>("a text that is too long for the small buffer");
    auto append = [held = std::move(text)]() mutable {
      held->append(".");
      return std::move(held);
    };
    const auto back = co_await blocking(on, append);
    co_return *back;
  };
  EXPECT_EQ(run_on(workers, body(pool)), "a text that is too long for the small buffer.");
}

TEST(blocking, gives_the_exception_that_left_the_call) {
  scheduler workers;
  blocking_pool pool;
  const auto body = [](blocking_pool& on) -> task<> {
    co_await blocking(on, [] { throw std::runtime_error("as planned"); });
  };
  EXPECT_THROW(run_on(workers, body(pool)), std::runtime_error);
}

TEST(blocking, leaves_the_worker_to_other_coroutines) {
  scheduler workers({.workers = 1, .make_poller = scheduler_options().make_poller});
  blocking_pool pool;
  std::latch released(1);
  const auto waits = [](blocking_pool& on, std::latch& until) -> task<> {
    co_await blocking(on, [&until] { until.wait(); });
  };
  const auto releases = [](std::latch& waited_for) -> task<> {
    waited_for.count_down();
    co_return;
  };
  auto waiting = workers.spawn(waits(pool, released));
  run_on(workers, releases(released));
  block_on(join(std::move(waiting)));
}

TEST(blocking, calls_in_place_on_a_thread_that_is_no_worker) {
  blocking_pool pool;
  const auto body = [](blocking_pool& on) -> task<std::thread::id> {
    co_return co_await blocking(on, [] { return std::this_thread::get_id(); });
  };
  EXPECT_EQ(block_on(body(pool)), std::this_thread::get_id());
  EXPECT_EQ(pool.statistics().started, 0U);
}

TEST(blocking, throws_at_once_what_the_pool_refuses) {
  scheduler workers;
  blocking_pool pool;
  pool.close();
  const auto body = [](blocking_pool& on) -> task<std::error_code> {
    try {
      co_await blocking(on, [] {});
    } catch (const std::system_error& refused) {
      co_return refused.code();
    }
    co_return std::error_code{};
  };
  EXPECT_EQ(run_on(workers, body(pool)), std::errc::operation_canceled);
}

TEST(blocking, throws_when_the_pool_closes_while_the_call_is_queued) {
  scheduler workers;
  blocking_pool pool({.threads_max = 1});
  held_job running;
  ASSERT_FALSE(pool.submit(running));
  const auto body = [](blocking_pool& on) -> task<> { co_await blocking(on, [] { FAIL(); }); };
  auto queued = workers.spawn(body(pool));
  wait_until(pool, [](const auto& now) { return now.queued == 1; });
  pool.close();
  EXPECT_THROW(block_on(join(std::move(queued))), std::system_error);
  running.go.count_down();
}

TEST(blocking_pool, starts_no_thread_before_there_is_work) {
  EXPECT_EQ(blocking_pool().statistics().threads, 0U);
}

TEST(blocking_pool, starts_threads_up_to_its_bound_and_queues_the_rest) {
  std::deque<held_job> jobs(5);
  blocking_pool pool({.threads_max = 2});
  for (held_job& each : jobs)
    EXPECT_FALSE(pool.submit(each));
  jobs[0].started.wait();
  jobs[1].started.wait();
  EXPECT_EQ(pool.statistics().threads, 2U);
  EXPECT_EQ(pool.statistics().queued, 3U);
  for (held_job& each : jobs)
    each.go.count_down();
  for (held_job& each : jobs)
    each.ended.wait();
  wait_until(pool, [](const auto& now) { return now.idle == 2; });
  EXPECT_EQ(pool.statistics().queued, 0U);
  EXPECT_EQ(pool.statistics().queued_max, 3U);
  EXPECT_EQ(pool.statistics().started, 2U);
  EXPECT_EQ(pool.statistics().submitted, 5U);
}

TEST(blocking_pool, runs_queued_jobs_in_the_order_they_came) {
  struct noting final : blocking_pool::job {
    std::vector<int>* order = nullptr;
    int number = 0;
    void run() noexcept override { order->push_back(number); }
    void refuse(std::error_code) noexcept override {}
  };
  std::vector<int> order;
  std::deque<noting> jobs(4);
  held_job first;
  {
    blocking_pool pool({.threads_max = 1});
    ASSERT_FALSE(pool.submit(first));
    for (noting& each : jobs) {
      each.order = &order;
      each.number = static_cast<int>(&each - &jobs.front());
      ASSERT_FALSE(pool.submit(each));
    }
    first.go.count_down();
    wait_until(pool, [](const auto& now) { return now.idle == 1; });
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(blocking_pool, refuses_a_job_that_finds_the_queue_full) {
  std::deque<held_job> jobs(3);
  blocking_pool pool({.threads_max = 1, .queued_max = 1});
  EXPECT_FALSE(pool.submit(jobs[0]));
  EXPECT_FALSE(pool.submit(jobs[1]));
  EXPECT_EQ(pool.submit(jobs[2]), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(pool.statistics().refused, 1U);
  for (held_job& each : jobs)
    each.go.count_down();
  jobs[1].ended.wait();
}

TEST(blocking_pool, gives_work_to_the_thread_that_became_idle_last) {
  std::deque<held_job> together(3);
  blocking_pool pool;
  for (held_job& each : together)
    ASSERT_FALSE(pool.submit(each));
  for (held_job& each : together)
    each.started.wait();
  // They become idle one by one: the last one is known.
  for (std::uint32_t i = 0; i < together.size(); ++i) {
    together[i].go.count_down();
    wait_until(pool, [&](const auto& now) { return now.idle == i + 1; });
  }
  for (int i = 0; i < 10; ++i) {
    held_job next;
    next.go.count_down();
    ASSERT_FALSE(pool.submit(next));
    next.ended.wait();
    EXPECT_EQ(next.ran_on, together.back().ran_on);
    wait_until(pool, [](const auto& now) { return now.idle == 3; });
  }
  EXPECT_EQ(pool.statistics().started, 3U);
}

TEST(blocking_pool, keeps_no_thread_that_is_idle_for_long) {
  std::deque<held_job> jobs(3);
  blocking_pool pool({.keep_alive = std::chrono::milliseconds(1)});
  for (held_job& each : jobs)
    ASSERT_FALSE(pool.submit(each));
  for (held_job& each : jobs)
    each.go.count_down();
  wait_until(pool, [](const auto& now) { return now.threads == 0; });
  EXPECT_EQ(pool.statistics().idle, 0U);
  held_job later;
  later.go.count_down();
  ASSERT_FALSE(pool.submit(later));
  later.ended.wait();
}

TEST(blocking_pool, closing_refuses_what_is_queued_and_what_comes) {
  held_job running, queued, late;
  blocking_pool pool({.threads_max = 1});
  ASSERT_FALSE(pool.submit(running));
  ASSERT_FALSE(pool.submit(queued));
  pool.close();
  pool.close();
  queued.ended.wait();
  EXPECT_EQ(queued.refused, std::errc::operation_canceled);
  EXPECT_EQ(pool.submit(late), std::errc::operation_canceled);
  running.go.count_down();
  running.ended.wait();
  EXPECT_FALSE(running.refused);
}

TEST(blocking_pool, destruction_waits_for_the_job_that_runs) {
  held_job running;
  std::atomic<bool> destroyed{false};
  std::optional<blocking_pool> pool(std::in_place);
  ASSERT_FALSE(pool->submit(running));
  running.started.wait();
  std::thread destroys([&] {
    pool.reset();
    destroyed = true;
  });
  EXPECT_FALSE(destroyed);
  running.go.count_down();
  destroys.join();
  EXPECT_TRUE(running.ended.try_wait());
}

}  // namespace
}  // namespace tacit::sched
