#include <tacit/sched/scheduler.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

#include "support/patience.hpp"

namespace tacit::sched {
namespace {

using flag = base::atomic<bool>;
using count = base::atomic<int>;

task<> holds_its_worker_until(flag& released, count& held) {
  held.fetch_add(1);
  while (!released.load()) {
  }
  co_return;
}

task<> counts(count& done) {
  co_await yield();
  done.fetch_add(1);
}

class spare_worker : public testing::Test {
 protected:
  scheduler pool_{{.workers = 2,
                   .spare_workers = 3,
                   .stall_bound = {},
                   .make_poller = scheduler_options().make_poller}};
  flag released_{false};
  count held_{0};
  count done_{0};

  void hold(int workers) {
    for (int i = 0; i < workers; ++i)
      pool_.spawn(holds_its_worker_until(released_, held_)).detach();
  }
  bool eventually_done(int wanted) {
    return support::eventually([&] { return done_.load() == wanted; });
  }
  ~spare_worker() override {
    released_.store(true);
    EXPECT_EQ(pool_.stop(support::patience), 0U);
  }
};

TEST_F(spare_worker, goes_on_with_what_is_ready_while_every_worker_is_held) {
  hold(2);
  ASSERT_TRUE(support::eventually([&] { return held_.load() == 2; }));
  for (int i = 0; i < 1000; ++i)
    pool_.spawn(counts(done_)).detach();
  EXPECT_TRUE(eventually_done(1000));
  EXPECT_FALSE(released_.load());
}

TEST_F(spare_worker, the_next_one_comes_when_the_first_is_held_too) {
  hold(4);
  ASSERT_TRUE(support::eventually([&] { return held_.load() == 4; }));
  pool_.spawn(counts(done_)).detach();
  EXPECT_TRUE(eventually_done(1));
}

TEST_F(spare_worker, leaves_when_workers_are_free_again) {
  EXPECT_EQ(pool_.active_workers(), 2U);
  hold(3);
  EXPECT_TRUE(support::eventually([&] { return pool_.active_workers() == 4; }));
  released_.store(true);
  EXPECT_TRUE(support::eventually([&] { return pool_.active_workers() == 2; }));
  EXPECT_EQ(pool_.workers(), 2U);
  EXPECT_EQ(pool_.spare_workers(), 3U);
}

// Work arrives all the time while workers are held and freed: none of it is left lying.
TEST_F(spare_worker, no_work_is_lost_when_they_come_and_go) {
  int spawned = 0;
  for (int round = 0; round < 30; ++round) {
    flag released{false};
    count held{0};
    for (int i = 0; i < 1 + round % 4; ++i)
      pool_.spawn(holds_its_worker_until(released, held)).detach();
    for (int i = 0; i < 100; ++i)
      pool_.spawn(counts(done_)).detach();
    spawned += 100;
    ASSERT_TRUE(eventually_done(spawned)) << round;
    released.store(true);
    // The flag has to outlive who looks at it.
    ASSERT_TRUE(support::eventually([&] { return pool_.live_roots() == 0; }));
  }
}

// One that the kernel runs late, as under a quota that is used up.
class late_riser final : public poller {
 public:
  std::size_t poll() override { return room_.poll(); }
  std::size_t wait(std::optional<base::steady_time> deadline) override {
    const std::size_t completed = room_.wait(deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    return completed;
  }
  void interrupt() noexcept override { room_.interrupt(); }

 private:
  waiting_room room_;
};

TEST(spare_workers, that_have_not_been_called_keep_nobody_awake) {
  scheduler pool({.workers = 1, .spare_workers = 3, .make_poller = [](std::uint32_t) {
                    return std::make_unique<late_riser>();
                  }});
  count done{0};
  pool.spawn(counts(done)).detach();
  ASSERT_TRUE(support::eventually([&] { return done.load() == 1; }));
  const auto parks = [&] { return pool.statistics(0).parks; };
  EXPECT_TRUE(support::eventually([&] {
    const auto before = parks();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return parks() == before;
  }));
}

/// Tells whether anybody looked into it, and whether its own worker ran: only that one waits in it.
class watched_poller final : public poller {
 public:
  watched_poller(count& looks, count& waits) : looks_(looks), waits_(waits) {}
  std::size_t poll() override {
    looks_.fetch_add(1);
    return room_.poll();
  }
  std::size_t wait(std::optional<base::steady_time> deadline) override {
    waits_.fetch_add(1);
    return room_.wait(deadline);
  }
  void interrupt() noexcept override { room_.interrupt(); }

 private:
  count& looks_;
  count& waits_;
  waiting_room room_;
};

// A look is a system call; there would be one for each of them before every sleep.
TEST(spare_workers, that_have_not_been_called_have_nobody_look_into_their_pollers) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    count looks{0};
    count waits{0};
    count done{0};
    scheduler_options options;
    options.workers = 1;
    options.spare_workers = 3;
    options.make_poller = [&](std::uint32_t worker) -> std::unique_ptr<poller> {
      if (worker == 0) return std::make_unique<waiting_room>();
      return std::make_unique<watched_poller>(looks, waits);
    };
    scheduler pool(options);
    for (int i = 0; i < 20; ++i) {
      pool.spawn(counts(done)).detach();
      ASSERT_TRUE(support::eventually([&] { return done.load() == i + 1; }));
    }
    EXPECT_EQ(pool.stop(support::patience), 0U);
    if (waits.load() != 0) continue;  // The machine was so busy that one was called.
    EXPECT_EQ(looks.load(), 0);
    return;
  }
  GTEST_SKIP() << "the machine is so busy that spare workers are called all the time";
}

TEST(spare_workers, there_are_none_unless_asked_for_or_without_stealing) {
  EXPECT_EQ(scheduler().spare_workers(), 0U);
  const scheduler pool({.workers = 1,
                        .stealing = false,
                        .spare_workers = 3,
                        .make_poller = scheduler_options().make_poller});
  EXPECT_EQ(pool.spare_workers(), 0U);
}

}  // namespace
}  // namespace tacit::sched
