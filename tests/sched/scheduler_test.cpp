#include <tacit/sched/scheduler.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tacit/sched/available_cpus.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

namespace tacit::sched {
namespace {

template <class T>
task<T> join(join_handle<T> handle) {
  co_return co_await std::move(handle);
}

// Suspends, and hands its runnable out for somebody else to make ready.
struct parked_here : runnable {
  std::promise<runnable*>& out;
  explicit parked_here(std::promise<runnable*>& to) : out(to) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    coroutine = awaiting;
    home = current_agent();
    out.set_value(this);
  }
  void await_resume() const {}
};

TEST(scheduler, has_a_worker_per_available_cpu_unless_told_otherwise) {
  EXPECT_EQ(scheduler().workers(), available_cpus());
  EXPECT_EQ(scheduler({.workers = 3, .make_poller = scheduler_options().make_poller}).workers(),
            3U);
}

TEST(scheduler, gives_the_value_of_a_spawned_task_to_a_thread_that_joins) {
  scheduler pool;
  const auto body = [](int a, int b) -> task<int> { co_return a + b; };
  EXPECT_EQ(block_on(join(pool.spawn(body(2, 3)))), 5);
}

TEST(scheduler, gives_the_exception_of_a_spawned_task_to_whoever_joins) {
  scheduler pool;
  const auto body = []() -> task<> {
    throw std::runtime_error("as planned");
    co_return;
  };
  EXPECT_THROW(block_on(join(pool.spawn(body()))), std::runtime_error);
}

TEST(scheduler, runs_tasks_on_its_workers_only) {
  scheduler pool;
  const auto body = []() -> task<bool> { co_return this_worker::timers() != nullptr; };
  EXPECT_TRUE(block_on(join(pool.spawn(body()))));
  EXPECT_EQ(this_worker::timers(), nullptr);
}

TEST(scheduler, a_task_can_spawn_and_join_others) {
  scheduler pool;
  struct tree {
    static task<int> leaves(scheduler& on, int depth) {
      if (depth == 0) co_return 1;
      auto left = on.spawn(leaves(on, depth - 1));
      auto right = on.spawn(leaves(on, depth - 1));
      const int from_left = co_await std::move(left);
      co_return from_left + co_await std::move(right);
    }
  };
  EXPECT_EQ(block_on(join(pool.spawn(tree::leaves(pool, 10)))), 1024);
}

TEST(scheduler, resumes_a_coroutine_that_a_foreign_thread_makes_ready) {
  scheduler pool;
  std::promise<runnable*> suspended;
  const auto body = [](std::promise<runnable*>& out) -> task<bool> {
    co_await parked_here(out);
    co_return this_worker::timers() != nullptr;
  };
  auto handle = pool.spawn(body(suspended));
  suspended.get_future().get()->make_ready();
  EXPECT_TRUE(block_on(join(std::move(handle))));
}

// One worker is kept busy by a task that waits for another one, which only a thief can run.
TEST(scheduler, an_idle_worker_takes_work_from_a_busy_one) {
  scheduler pool({.workers = 2, .make_poller = scheduler_options().make_poller});
  std::atomic<bool> has_run{false};
  const auto set = [](std::atomic<bool>* flag) -> task<> {
    flag->store(true);
    co_return;
  };
  const auto hog = [&set](scheduler& on, std::atomic<bool>* flag) -> task<> {
    on.spawn(set(flag)).detach();
    while (!flag->load())
      std::this_thread::yield();
    co_return;
  };
  block_on(join(pool.spawn(hog(pool, &has_run))));
  EXPECT_TRUE(has_run.load());
  EXPECT_GE(pool.statistics(0).steals + pool.statistics(1).steals, 1U);
}

// Both loop without ever waiting; on one worker they can only end by taking turns.
TEST(scheduler, yielding_coroutines_take_turns) {
  scheduler pool({.workers = 1, .make_poller = scheduler_options().make_poller});
  std::vector<int> order;
  const auto body = [](int self, std::vector<int>& into) -> task<> {
    for (int i = 0; i < 3; ++i) {
      into.push_back(self);
      co_await yield();
    }
  };
  const auto both = [&body](scheduler& on, std::vector<int>& into) -> task<> {
    auto first = on.spawn(body(1, into));
    auto second = on.spawn(body(2, into));
    co_await std::move(first);
    co_await std::move(second);
  };
  block_on(join(pool.spawn(both(pool, order))));
  EXPECT_EQ(order, (std::vector{1, 2, 1, 2, 1, 2}));
}

// Their runs are so short that they are left to the worker on which they are, which a thief passes
// over: the monitor sees that an idle worker could have one.
TEST(scheduler, one_of_two_that_always_yield_moves_to_a_worker_that_has_become_idle) {
  struct yielders {
    std::atomic<bool> held{false};
    std::atomic<int> quick{0};
    std::atomic<bool> apart{false};
    std::array<std::atomic<std::thread::id>, 2> on{};
  };
  const auto yields = [](yielders& all, std::size_t self) -> task<> {
    for (int i = 0; !all.apart.load(); ++i) {
      if (i == 1'000) ++all.quick;
      const auto here = std::this_thread::get_id();
      all.on[self].store(here);
      const auto other = all.on[1 - self].load();
      if (all.quick.load() == 2 && other != std::thread::id() && other != here) all.apart = true;
      co_await yield();
    }
  };
  const auto holds_a_worker = [](yielders& all) -> task<> {
    all.held = true;
    all.held.notify_one();
    while (all.quick.load() != 2)
      std::this_thread::yield();
    co_return;
  };
  scheduler pool({.workers = 2, .make_poller = scheduler_options().make_poller});
  yielders all;
  auto holding = pool.spawn(holds_a_worker(all));
  all.held.wait(false);  // So both go to the other worker.
  auto first = pool.spawn(yields(all, 0));
  auto second = pool.spawn(yields(all, 1));
  block_on(join(std::move(holding)));
  block_on(join(std::move(first)));
  block_on(join(std::move(second)));
  EXPECT_TRUE(all.apart.load());
}

TEST(scheduler, a_yielding_coroutine_lets_the_poller_have_its_turn) {
  struct counting final : poller {
    waiting_room inner;
    std::atomic<int> polls{0};
    std::size_t poll() override { return ++polls, inner.poll(); }
    std::size_t wait(std::optional<base::steady_time> until) override { return inner.wait(until); }
    void interrupt() noexcept override { inner.interrupt(); }
  };
  scheduler_options options{
      .workers = 1, .make_poller = [](std::uint32_t) { return std::make_unique<counting>(); }};
  scheduler pool(options);
  const auto body = []() -> task<> {
    for (int i = 0; i < 10; ++i)
      co_await yield();
  };
  block_on(join(pool.spawn(body())));
  EXPECT_GE(static_cast<counting&>(pool.poller_of(0)).polls.load(), 10);
}

TEST(scheduler, more_ready_tasks_than_a_ring_holds_all_run) {
  scheduler pool({.workers = 1, .make_poller = scheduler_options().make_poller});
  constexpr int count = 10'000;
  const auto spawn_all = [](scheduler& on) -> task<int> {
    const auto one = []() -> task<int> { co_return 1; };
    std::vector<join_handle<int>> handles;
    for (int i = 0; i < count; ++i)
      handles.push_back(on.spawn(one()));
    int sum = 0;
    for (auto& each : handles)
      sum += co_await std::move(each);
    co_return sum;
  };
  EXPECT_EQ(block_on(join(pool.spawn(spawn_all(pool)))), count);
  EXPECT_GT(pool.statistics(0).overflows, 0U);
}

TEST(scheduler, stopping_waits_for_what_ends_in_time) {
  scheduler pool;
  std::promise<runnable*> suspended;
  std::atomic<bool> ended{false};
  const auto body = [](std::promise<runnable*>& out, std::atomic<bool>* flag) -> task<> {
    co_await parked_here(out);
    flag->store(true);
  };
  pool.spawn(body(suspended, &ended)).detach();
  runnable* waiting = suspended.get_future().get();
  std::thread waker([&] {
    while (!pool.is_stopping())
      std::this_thread::yield();
    waiting->make_ready();
  });
  EXPECT_EQ(pool.stop(std::chrono::minutes(1)), 0U);
  EXPECT_TRUE(ended.load());
  waker.join();
}

TEST(scheduler, stopping_tells_how_many_tasks_did_not_end) {
  // Its frame is given up by design; static, so that a leak checker finds it reachable.
  static std::promise<runnable*> suspended;
  static runnable* given_up = nullptr;
  scheduler pool;
  const auto body = [](std::promise<runnable*>& out) -> task<> { co_await parked_here(out); };
  pool.spawn(body(suspended)).detach();
  given_up = suspended.get_future().get();
  ASSERT_NE(given_up, nullptr);
  EXPECT_EQ(pool.stop(std::chrono::nanoseconds(0)), 1U);
}

}  // namespace
}  // namespace tacit::sched
