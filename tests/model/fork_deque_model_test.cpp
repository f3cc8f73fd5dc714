#include "sched/fork_deque.hpp"

#include <gtest/gtest.h>

#include "model/work_item.hpp"

namespace tacit::sched {
namespace {

using model::run_item;
using model::search;
using model::work_item;

template <std::uint32_t Capacity, std::uint32_t Items>
struct forks {
  basic_fork_deque<work_item, Capacity> deque;
  work_item items[Items];

  void push(std::uint32_t which) {
    items[which].prepare();
    if (!deque.push(items[which])) items[which].run();
  }
  void pop() { run_item(deque.pop()); }
  void steal() { run_item(deque.steal()); }
  void check() {
    while (run_item(deque.pop())) {
    }
    for (const auto& each : items)
      model::require(each.has_run(), "an item is lost");
    model::require(deque.empty_approx(), "it is not empty");
  }
};

TEST(fork_deque_model, the_last_one_has_one_taker) {
  model::expect_holds(search{.preemptions = 3, .stale_reads = 2}, [] {
    forks<2, 1> shared;
    shared.push(0);
    model::together([&] { shared.pop(); }, [&] { shared.steal(); }, [&] { shared.steal(); });
    shared.check();
  });
}

TEST(fork_deque_model, a_thief_and_the_owner_take_everything_once) {
  model::expect_holds(search{.preemptions = 3, .stale_reads = 2}, [] {
    forks<2, 3> shared;
    model::together(
        [&] {
          shared.push(0);
          shared.push(1);
          shared.pop();
          shared.push(2);
          shared.pop();
        },
        [&] {
          shared.steal();
          shared.steal();
        });
    shared.check();
  });
}

TEST(fork_deque_model, slots_are_used_again_after_thieves) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 2}, [] {
    forks<2, 4> shared;
    model::together(
        [&] {
          for (std::uint32_t i = 0; i < 4; ++i)
            shared.push(i);
          shared.pop();
        },
        [&] { shared.steal(); }, [&] { shared.steal(); });
    shared.check();
  });
}

TEST(fork_deque_model, long_random_runs_take_everything_once) {
  model::expect_holds(search{.samples = 20'000}, [] {
    forks<4, 12> shared;
    const auto rob = [&] {
      for (int i = 0; i < 4; ++i)
        shared.steal();
    };
    model::together(
        [&] {
          for (std::uint32_t i = 0; i < 12; ++i) {
            shared.push(i);
            if (i % 3 != 0) shared.pop();
          }
        },
        rob, rob);
    shared.check();
  });
}

}  // namespace
}  // namespace tacit::sched
