#include <tacit/sched/cancel.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/when_all.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"
#include "sched/short_tasks.hpp"

namespace tacit::sched {
namespace {

using namespace std::chrono_literals;
using base::errc;

struct told final : cancel_hook {
  int times = 0;
  base::error_code cause;
  void on_cancelled(const base::error_code& why) noexcept override {
    ++times;
    cause = why;
  }
};

TEST(cancel_scope, is_not_cancelled_at_first) {
  const cancel_scope scope;
  EXPECT_FALSE(scope.is_cancelled());
  EXPECT_FALSE(scope.cause());
  EXPECT_FALSE(scope.deadline());
}

TEST(cancel_scope, the_first_cause_wins) {
  cancel_scope scope;
  EXPECT_TRUE(scope.cancel(errc::draining));
  EXPECT_FALSE(scope.cancel(errc::timed_out));
  EXPECT_TRUE(scope.is_cancelled());
  EXPECT_EQ(scope.cause(), errc::draining);
}

TEST(cancel_scope, tells_whoever_was_added_once_and_with_the_cause) {
  cancel_scope scope;
  told hook;
  EXPECT_FALSE(scope.add(hook));
  scope.cancel(errc::draining);
  scope.cancel(errc::timed_out);
  EXPECT_EQ(hook.times, 1);
  EXPECT_EQ(hook.cause, errc::draining);
}

TEST(cancel_scope, does_not_tell_whoever_was_removed_or_never_added) {
  cancel_scope scope;
  told first;
  told removed;
  told last;
  told never_added;
  for (told* each : {&first, &removed, &last})
    EXPECT_FALSE(scope.add(*each));
  scope.remove(removed);
  scope.remove(never_added);
  scope.cancel();
  EXPECT_EQ(first.times, 1);
  EXPECT_EQ(removed.times, 0);
  EXPECT_EQ(last.times, 1);
  EXPECT_EQ(never_added.times, 0);
}

TEST(cancel_scope, refuses_who_comes_after_the_cancellation) {
  cancel_scope scope;
  scope.cancel(errc::draining);
  told hook;
  EXPECT_EQ(scope.add(hook), errc::draining);
  scope.remove(hook);
  EXPECT_EQ(hook.times, 0);
}

TEST(cancel_scope, is_cancelled_with_the_one_around_it) {
  cancel_scope outer;
  cancel_scope middle(&outer);
  cancel_scope inner(&middle);
  told waiting;
  EXPECT_FALSE(inner.add(waiting));
  outer.cancel(errc::draining);
  EXPECT_EQ(waiting.times, 1);
  EXPECT_EQ(waiting.cause, errc::draining);
  for (const cancel_scope* each : {&outer, &middle, &inner}) {
    EXPECT_TRUE(each->is_cancelled());
    EXPECT_EQ(each->cause(), errc::draining);
  }
  inner.remove(waiting);
}

TEST(cancel_scope, learns_of_the_one_around_it_though_nothing_waited_in_it) {
  cancel_scope outer;
  cancel_scope inner(&outer);
  outer.cancel(errc::draining);
  EXPECT_TRUE(inner.is_cancelled());
  told late;
  EXPECT_EQ(inner.add(late), errc::draining);
}

TEST(cancel_scope, leaves_the_one_around_it_and_its_siblings_alone) {
  cancel_scope outer;
  cancel_scope inner(&outer);
  cancel_scope sibling(&outer);
  told around;
  told beside;
  EXPECT_FALSE(outer.add(around));
  EXPECT_FALSE(sibling.add(beside));
  inner.cancel();
  EXPECT_FALSE(outer.is_cancelled());
  EXPECT_FALSE(sibling.is_cancelled());
  EXPECT_EQ(around.times + beside.times, 0);
  outer.remove(around);
  sibling.remove(beside);
}

TEST(cancel_scope, that_is_gone_is_not_told) {
  cancel_scope outer;
  {
    cancel_scope inner(&outer);
    told hook;
    EXPECT_FALSE(inner.add(hook));
    inner.remove(hook);
  }
  EXPECT_TRUE(outer.cancel());
}

TEST(cancel_scope, its_own_cause_is_nearer_than_the_one_around) {
  cancel_scope outer;
  cancel_scope inner(&outer);
  told hook;
  EXPECT_FALSE(inner.add(hook));
  inner.cancel(errc::timed_out);
  outer.cancel(errc::draining);
  EXPECT_EQ(inner.cause(), errc::timed_out);
  EXPECT_EQ(hook.times, 1);
}

TEST(deadline_scope, knows_the_nearest_of_all_deadlines_around) {
  const auto soon = std::chrono::steady_clock::now() + 1h;
  deadline_scope outer(soon);
  cancel_scope middle(&outer);
  deadline_scope later(soon + 1s, &middle);
  deadline_scope sooner(soon - 1s, &middle);
  EXPECT_EQ(middle.deadline(), soon);
  EXPECT_EQ(later.deadline(), soon);
  EXPECT_EQ(sooner.deadline(), soon - 1s);
}

class cancel_on : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(workers, cancel_on, testing::Values(1, 2, 4),
                         testing::PrintToStringParamName());

TEST_P(cancel_on, a_deadline_ends_the_waits_in_its_scope) {
  const auto body = []() -> task<> {
    event never;
    deadline_scope scope(std::chrono::steady_clock::now() + 1ms);
    EXPECT_EQ(co_await scope.run(wait_for(&never)), errc::timed_out);
    EXPECT_EQ(scope.cause(), errc::timed_out);
  };
  run_on(GetParam(), body());
}

TEST_P(cancel_on, a_spawned_task_runs_under_the_scope_it_was_given) {
  event never;
  cancel_scope scope;
  scheduler pool(with_workers(GetParam()));
  auto waiting = pool.spawn(wait_for(&never), {.scope = &scope});
  while (never.waiters() == 0)
    std::this_thread::yield();
  scope.cancel(errc::draining);
  EXPECT_EQ(block_on(joined(std::move(waiting))), errc::draining);
}

TEST_P(cancel_on, awaited_tasks_have_the_scope_of_their_awaiter) {
  const auto scope_here = []() -> task<cancel_scope*> { co_return co_await current_scope(); };
  const auto above = [&scope_here]() -> task<cancel_scope*> { co_return co_await scope_here(); };
  const auto body = [&]() -> task<> {
    cancel_scope scope;
    EXPECT_EQ(co_await scope.run(above()), &scope);
    EXPECT_EQ(co_await current_scope(), nullptr);
  };
  run_on(GetParam(), body());
}

TEST_P(cancel_on, children_are_in_a_scope_inside_that_of_their_parent) {
  const auto child = [](cancel_scope* around) -> task<> {
    cancel_scope* const own = co_await current_scope();
    EXPECT_NE(own, around);
    EXPECT_FALSE(own->is_cancelled());
    around->cancel(errc::draining);
    EXPECT_EQ(own->cause(), errc::draining);
  };
  const auto parent = [&child](cancel_scope* around) -> task<> {
    co_await when_all(child(around));
  };
  cancel_scope scope;
  run_on(GetParam(), in_scope(scope, parent(&scope)));
  EXPECT_TRUE(scope.is_cancelled());
}

TEST_P(cancel_on, every_wait_in_a_scope_ends) {
  constexpr int many = 1'000;
  const auto cancels = [](cancel_scope* scope, event* awaited) -> task<base::error_code> {
    while (awaited->waiters() < many)
      co_await yield();
    scope->cancel(errc::draining);
    co_return errc::draining;
  };
  const auto body = [&cancels](cancel_scope* scope) -> task<> {
    event never;
    std::vector<task<base::error_code>> children;
    for (int i = 0; i < many; ++i)
      children.push_back(wait_for(&never));
    children.push_back(cancels(scope, &never));
    for (const auto& each : co_await when_all(std::move(children)))
      EXPECT_EQ(each, errc::draining);
  };
  cancel_scope scope;
  run_on(GetParam(), in_scope(scope, body(&scope)));
}

// The hooks of this one come and go while another thread cancels: either it is told, or it finds
// out; after remove() it is not being told.
TEST(cancel_scope_stress, adding_and_removing_race_with_cancelling) {
  struct hook final : cancel_hook {
    std::atomic<bool> alive{true};
    std::atomic<int> times{0};
    void on_cancelled(const base::error_code&) noexcept override {
      EXPECT_TRUE(alive.load());
      ++times;
    }
  };
  for (int round = 0; round < 300; ++round) {
    cancel_scope outer;
    std::atomic<bool> go{false};
    const auto adds = [&] {
      while (!go.load())
        std::this_thread::yield();
      for (int i = 0; i < 20; ++i) {
        cancel_scope inner(&outer);
        hook waits;
        const base::error_code refused = inner.add(waits);
        inner.remove(waits);
        waits.alive.store(false);
        EXPECT_LE(waits.times.load(), refused ? 0 : 1);
        EXPECT_TRUE(waits.times.load() == 0 || outer.is_cancelled());
      }
    };
    std::thread first(adds);
    std::thread second(adds);
    std::thread cancels([&] {
      while (!go.load())
        std::this_thread::yield();
      for (int i = 0; i < round % 50; ++i)
        base::pause();
      EXPECT_TRUE(outer.cancel());
    });
    go.store(true);
    first.join();
    second.join();
    cancels.join();
    told late;
    EXPECT_TRUE(outer.add(late));
  }
}

// Two threads wait in one scope, which attaches itself to the one around meanwhile.
TEST(cancel_scope_stress, two_waits_that_attach_one_scope_are_both_told) {
  for (int round = 0; round < 300; ++round) {
    cancel_scope outer;
    cancel_scope inner(&outer);
    std::atomic<int> ready{0};
    told hooks[2];
    base::error_code refused[2];
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < 2; ++i) {
      running.emplace_back([&, i] {
        ++ready;
        while (ready.load() < 3)
          std::this_thread::yield();
        refused[i] = inner.add(hooks[i]);
      });
    }
    ++ready;
    while (ready.load() < 3)
      std::this_thread::yield();
    if (round % 2) outer.cancel();
    for (auto& each : running)
      each.join();
    outer.cancel();
    for (std::size_t i = 0; i < 2; ++i) {
      inner.remove(hooks[i]);
      EXPECT_EQ(hooks[i].times, refused[i] ? 0 : 1);
    }
  }
}

// Deadlines that expire on one worker while the waits inside end on another.
TEST(cancel_scope_stress, deadlines_race_with_what_they_limit) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto one = [](scheduler* on, std::uint32_t random) -> task<> {
    event done;
    const auto sets = [](event* which, std::uint32_t spins) -> task<> {
      for (std::uint32_t i = 0; i < spins; ++i)
        base::pause();
      which->set();
      co_return;
    };
    auto setting = on->spawn(sets(&done, random % 3000));
    {
      deadline_scope scope(std::chrono::steady_clock::now() +
                           std::chrono::microseconds(random / 3000 % 50));
      const base::error_code ec = co_await scope.run(wait_for(&done));
      EXPECT_TRUE(!ec || ec == errc::timed_out);
    }
    co_await std::move(setting);
  };
  scheduler pool(with_workers(4));
  std::mt19937 random(seed);
  for (int round = 0; round < 20; ++round) {
    std::vector<join_handle<>> handles;
    for (int i = 0; i < 100; ++i)
      handles.push_back(pool.spawn(one(&pool, static_cast<std::uint32_t>(random()))));
    for (auto& each : handles)
      block_on(joined(std::move(each)));
  }
}

}  // namespace
}  // namespace tacit::sched
