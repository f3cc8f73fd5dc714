#include <tacit/sched/task_listing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <tacit/memory/mode.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/own_note.hpp>
#include <tacit/sched/scheduler.hpp>

#include "support/patience.hpp"

namespace tacit::sched {
namespace {

// Holds who awaits it until the test lets go.
class hold {
 public:
  class awaiter : runnable {
   public:
    explicit awaiter(hold& in) : in_(in) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting,
                       base::source_place place = base::source_place::current()) {
      suspend(awaiting, "the test", place);
      const std::lock_guard lock(in_.mutex_);
      in_.held_.push_back(this);
    }
    void await_resume() const noexcept {}

   private:
    hold& in_;
  };
  awaiter operator co_await() { return awaiter(*this); }

  void await_held(std::size_t count) {
    ASSERT_TRUE(support::eventually([&] {
      const std::lock_guard lock(mutex_);
      return held_.size() == count;
    }));
  }
  void let_go() {
    std::vector<runnable*> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (runnable* each : held)
      each->make_ready();
  }

 private:
  base::mutex mutex_;
  std::vector<runnable*> held_;  // Guarded by mutex_.
};

constexpr unsigned line_of_waits = __LINE__ + 2;
task<> waits(hold& on) {
  co_await on;
}

task<> waits_elsewhere(hold& on) {
  co_await on;
}

task<> awaits_one_that_waits(hold& on) {
  co_await waits(on);
}

task<> serves_a_request(hold& on, std::uint64_t request) {
  memory::note((co_await own_note())->request, request);
  co_await waits(on);
}

std::vector<task_info> of_function(const std::string& name, const task_listing& in) {
  std::vector<task_info> found;
  std::copy_if(in.tasks.begin(), in.tasks.end(), std::back_inserter(found),
               [&](const auto& each) { return short_name(each.function.function_name()) == name; });
  return found;
}

// Others may be there: those that an earlier test has given up.
similar_tasks group_of(const std::string& name, const task_listing& in) {
  const auto found = std::find_if(in.groups.begin(), in.groups.end(), [&](const auto& each) {
    return short_name(each.first.function.function_name()) == name;
  });
  return found == in.groups.end() ? similar_tasks() : *found;
}

class task_listing_test : public testing::TestWithParam<memory::mode> {
 protected:
  scheduler pool_{
      {.workers = 2, .memory = GetParam(), .make_poller = scheduler_options().make_poller}};
  hold hold_;

  ~task_listing_test() override {
    hold_.let_go();
    EXPECT_EQ(pool_.stop(support::patience), 0U);
  }
};
INSTANTIATE_TEST_SUITE_P(memory, task_listing_test,
                         testing::Values(memory::mode::arena, memory::mode::heap),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(task_listing_test, tells_what_a_coroutine_waits_on_and_where_it_comes_from) {
  pool_.spawn(waits(hold_), {.name = "one that waits"}).detach();
  const unsigned spawned = __LINE__ - 1;
  hold_.await_held(1);
  const auto found = of_function("sched::waits", list_tasks());
  ASSERT_EQ(found.size(), 1U);
  const task_info& one = found.front();
  EXPECT_EQ(one.state, task_state::waiting);
  EXPECT_STREQ(one.waits_on, "the test");
  EXPECT_EQ(file_of(one.place), "task_listing_test.cpp");
  EXPECT_EQ(one.place.line(), line_of_waits);
  EXPECT_TRUE(one.is_root);
  EXPECT_STREQ(one.name, "one that waits");
  EXPECT_EQ(one.spawned_at.line(), spawned);
  EXPECT_TRUE(one.waited);
  EXPECT_GT(one.frame_bytes, 0U);
  EXPECT_EQ(one.awaited_by, nullptr);
}

TEST_P(task_listing_test, tells_who_awaits_whom) {
  pool_.spawn(awaits_one_that_waits(hold_)).detach();
  hold_.await_held(1);
  const auto all = list_tasks();
  const auto outer = of_function("sched::awaits_one_that_waits", all);
  const auto inner = of_function("sched::waits", all);
  ASSERT_EQ(outer.size(), 1U);
  ASSERT_EQ(inner.size(), 1U);
  EXPECT_EQ(outer.front().state, task_state::awaiting);
  EXPECT_EQ(outer.front().awaits, inner.front().frame);
  EXPECT_EQ(inner.front().awaited_by, outer.front().frame);
  EXPECT_EQ(inner.front().state, task_state::waiting);
  EXPECT_FALSE(inner.front().is_root);
}

TEST_P(task_listing_test, a_request_is_inherited_by_what_is_awaited) {
  pool_.spawn(serves_a_request(hold_, 42)).detach();
  hold_.await_held(1);
  const auto all = list_tasks();
  ASSERT_EQ(of_function("sched::waits", all).size(), 1U);
  EXPECT_EQ(of_function("sched::waits", all).front().request, 42U);
  EXPECT_EQ(of_function("sched::serves_a_request", all).front().request, 42U);
}

TEST_P(task_listing_test, counts_all_by_groups_and_lists_as_many_as_asked) {
  for (int i = 0; i < 7; ++i)
    pool_.spawn(waits(hold_)).detach();
  for (int i = 0; i < 3; ++i)
    pool_.spawn(waits_elsewhere(hold_)).detach();
  hold_.await_held(10);
  const auto all = list_tasks(4);
  EXPECT_EQ(all.tasks.size(), 4U);
  std::size_t counted = 0;
  for (const auto& group : all.groups)
    counted += group.count;
  EXPECT_EQ(counted, all.total);
  const similar_tasks waiting = group_of("sched::waits", all);
  EXPECT_EQ(waiting.count, 7U);
  EXPECT_EQ(group_of("sched::waits_elsewhere", all).count, 3U);
  ASSERT_TRUE(waiting.longest && waiting.shortest);
  EXPECT_GE(*waiting.longest, *waiting.shortest);
  EXPECT_TRUE(std::is_sorted(all.groups.begin(), all.groups.end(),
                             [](const auto& x, const auto& y) { return x.count > y.count; }));
}

TEST_P(task_listing_test, a_coroutine_that_has_not_started_is_created) {
  const task<> later = waits(hold_);
  const auto found = of_function("sched::waits", list_tasks());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().state, task_state::created);
  EXPECT_FALSE(found.front().is_root);
}

TEST_P(task_listing_test, what_has_ended_is_listed_no_more) {
  pool_.spawn(waits(hold_)).detach();
  hold_.await_held(1);
  EXPECT_EQ(of_function("sched::waits", list_tasks()).size(), 1U);
  hold_.let_go();
  EXPECT_TRUE(
      support::eventually([] { return of_function("sched::waits", list_tasks()).empty(); }));
}

TEST(task_listing, sees_coroutines_of_a_thread_that_blocks) {
  hold on;
  base::thread blocked([&] { block_on(waits(on)); });
  on.await_held(1);
  const auto found = of_function("sched::waits", list_tasks());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().state, task_state::waiting);
  on.let_go();
  blocked.join();
}

// Coroutines come and go on all workers meanwhile; what stays is in every listing once.
TEST(task_listing_stress, lists_what_stays_while_others_come_and_go) {
  scheduler pool({.workers = 2, .make_poller = scheduler_options().make_poller});
  hold on;
  for (int i = 0; i < 5; ++i)
    pool.spawn(waits_elsewhere(on)).detach();
  on.await_held(5);
  base::atomic<bool> enough{false};
  const auto churn = [](scheduler& in, base::atomic<bool>& stop) -> task<> {
    const auto child = []() -> task<> { co_return; };
    while (!stop.load(base::memory_order_relaxed)) {
      co_await in.spawn(child());
      co_await child();
    }
  };
  for (int i = 0; i < 4; ++i)
    pool.spawn(churn(pool, enough)).detach();
  for (int i = 0; i < 200; ++i) {
    const auto all = list_tasks();
    ASSERT_EQ(of_function("sched::waits_elsewhere", all).size(), 5U);
    ASSERT_EQ(group_of("sched::waits_elsewhere", all).count, 5U);
  }
  enough.store(true, base::memory_order_relaxed);
  on.let_go();
  EXPECT_EQ(pool.stop(support::patience), 0U);
}

TEST(short_name, is_the_name_alone) {
  EXPECT_EQ(short_name("int main()"), "main");
  EXPECT_EQ(
      short_name("tacit::sched::task<> tacit::server::{anonymous}::sleep(tacit::http::context&)"),
      "server::sleep");
  EXPECT_EQ(
      short_name("tacit::sched::task<> tacit::http::(anonymous namespace)::connection::serve()"),
      "http::connection::serve");
  EXPECT_EQ(
      short_name("my::task<std::pair<int, long int> > my::box<T>::get(int) const [with T = int]"),
      "my::box::get");
  EXPECT_EQ(short_name("my::task<> my::run(int)::<lambda(std::vector<int>&)>"), "my::run::lambda");
  EXPECT_EQ(short_name("no_parameters"), "no_parameters");
  EXPECT_EQ(short_name(""), "");
}

}  // namespace
}  // namespace tacit::sched
