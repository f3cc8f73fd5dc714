#include <tacit/sched/join.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"

namespace tacit::sched {
namespace {

// Counts frames that were destroyed by way of an argument in them.
struct in_frame {
  explicit in_frame(std::atomic<int>& count) : destroyed(&count) {}
  in_frame(in_frame&& other) noexcept : destroyed(std::exchange(other.destroyed, nullptr)) {}
  ~in_frame() {
    if (destroyed) destroyed->fetch_add(1);
  }
  std::atomic<int>* destroyed;
};

task<int> held(in_frame, event* until) {
  EXPECT_FALSE(co_await *until);
  co_return 7;
}

task<int> quick(in_frame, int spins) {
  for (int i = 0; i < spins; ++i)
    base::pause();
  co_return 7;
}

TEST(join_handle, of_an_ended_task_gives_its_value_without_waiting) {
  std::atomic<int> destroyed{0};
  {
    scheduler pool(with_workers(1));
    auto handle = pool.spawn(quick(in_frame(destroyed), 0));
    while (!handle.has_ended())
      std::this_thread::yield();
    EXPECT_EQ(handle.take(), 7);
    EXPECT_EQ(destroyed.load(), 0);
  }
  EXPECT_EQ(destroyed.load(), 1);
}

TEST(join_handle, a_detached_task_runs_on_and_destroys_itself) {
  std::atomic<int> destroyed{0};
  event go;
  scheduler pool(with_workers(1));
  pool.spawn(held(in_frame(destroyed), &go)).detach();
  while (go.waiters() == 0)
    std::this_thread::yield();
  EXPECT_EQ(destroyed.load(), 0);
  go.set();
  EXPECT_EQ(pool.stop(std::chrono::minutes(1)), 0U);
  EXPECT_EQ(destroyed.load(), 1);
}

TEST(join_handle, that_is_overwritten_lets_go_of_its_task) {
  std::atomic<int> destroyed{0};
  scheduler pool(with_workers(1));
  auto handle = pool.spawn(quick(in_frame(destroyed), 0));
  handle = pool.spawn(quick(in_frame(destroyed), 0));
  EXPECT_EQ(block_on(joined(std::move(handle))), 7);
  EXPECT_EQ(pool.stop(std::chrono::minutes(1)), 0U);
  EXPECT_EQ(destroyed.load(), 2);
}

// The end of the task and the end of the handle, or its await, at about the same time: one of them
// destroys the frame, and the value arrives.
TEST(join_handle_stress, detaching_and_joining_race_with_the_end) {
  constexpr int rounds = 20'000;
  std::atomic<int> destroyed{0};
  {
    scheduler pool(with_workers(3));
    const auto body = [](scheduler* on, std::atomic<int>* count) -> task<> {
      for (int i = 0; i < rounds; ++i) {
        auto handle = on->spawn(quick(in_frame(*count), i % 64));
        for (int spin = 0; spin < i / 64 % 64; ++spin)
          base::pause();
        if (i % 2) {
          EXPECT_EQ(co_await std::move(handle), 7);
        } else {
          std::move(handle).detach();
        }
      }
    };
    run_in(pool, body(&pool, &destroyed));
    EXPECT_EQ(pool.stop(std::chrono::minutes(1)), 0U);
  }
  EXPECT_EQ(destroyed.load(), rounds);
}

}  // namespace
}  // namespace tacit::sched
