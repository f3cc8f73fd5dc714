#include "sched/run_queue.hpp"

#include <gtest/gtest.h>

#include "model/work_item.hpp"

namespace tacit::sched {
namespace {

using model::run_item;
using model::search;
using model::work_item;

/// A ring, and what goes through it. At the end everything was run exactly once.
template <std::uint32_t Capacity, std::uint32_t Items>
struct ring {
  basic_run_queue<Capacity> queue;
  work_item items[Items];

  void push(std::uint32_t which) {
    items[which].prepare();
    if (!queue.push(items[which])) items[which].run();  // It overflows, and runs elsewhere.
  }
  void pop_all() {
    while (run_item(queue.pop())) {
    }
  }
  // A thief runs one of what it takes at once, the others later.
  void steal() {
    basic_run_queue<Capacity> own;
    run_item(queue.steal_into(own));
    while (run_item(own.pop())) {
    }
  }
  void check() {
    pop_all();
    for (const auto& each : items)
      model::require(each.has_run(), "an item is lost");
    // No thief has left anything behind: the ring can still be robbed.
    basic_run_queue<Capacity> thief;
    work_item one_more;
    model::require(queue.push(one_more) && queue.steal_into(thief) == &one_more,
                   "the ring is not empty");
  }
};

TEST(run_queue_model, a_thief_and_the_owner_take_everything_once) {
  model::expect_holds(search{.preemptions = 3, .stale_reads = 1}, [] {
    ring<2, 3> shared;
    model::together(
        [&] {
          shared.push(0);
          shared.push(1);
          run_item(shared.queue.pop());
          shared.push(2);
          shared.pop_all();
        },
        [&] { shared.steal(); });
    shared.check();
  });
}

TEST(run_queue_model, two_thieves_and_the_owner_take_everything_once) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    ring<2, 3> shared;
    model::together(
        [&] {
          shared.push(0);
          shared.push(1);
          run_item(shared.queue.pop());
          shared.push(2);
        },
        [&] { shared.steal(); }, [&] { shared.steal(); });
    shared.check();
  });
}

// The ring is full again and again while somebody copies from it.
TEST(run_queue_model, slots_are_not_overwritten_while_a_thief_copies) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 2}, [] {
    ring<2, 4> shared;
    shared.push(0);
    shared.push(1);
    model::together(
        [&] {
          shared.push(2);
          run_item(shared.queue.pop());
          shared.push(3);
          run_item(shared.queue.pop());
        },
        [&] { shared.steal(); });
    shared.check();
  });
}

// Two workers that steal from each other, each the owner of what the other copies into.
TEST(run_queue_model, workers_that_rob_each_other_take_everything_once) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    ring<4, 3> first, second;
    const auto work = [](auto& own, auto& other) {
      own.push(0);
      own.push(1);
      run_item(own.queue.pop());
      own.push(2);
      own.pop_all();
      run_item(other.queue.steal_into(own.queue));
      own.pop_all();
    };
    model::together([&] { work(first, second); }, [&] { work(second, first); });
    first.check();
    second.check();
  });
}

// What was stolen is stolen again, by one who has not seen its first owner.
TEST(run_queue_model, what_is_stolen_twice_is_visible) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    ring<4, 3> first;
    basic_run_queue<4> second, third;
    const auto run_all = [](auto& queue) {
      while (run_item(queue.pop())) {
      }
    };
    model::together(
        [&] {
          first.push(0);
          first.push(1);
          first.push(2);
        },
        [&] { run_item(first.queue.steal_into(second)); },
        [&] {
          run_item(second.steal_into(third));
          run_all(third);
        });
    run_all(second);
    first.check();
  });
}

// A robber is itself robbed: what is being copied out of its ring is not overwritten by its loot.
TEST(run_queue_model, a_ring_that_is_copied_from_is_not_filled) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    ring<4, 4> victim, own;
    for (std::uint32_t i = 0; i < 4; ++i) {
      victim.push(i);
      own.push(i);
    }
    model::together(
        [&] {
          own.pop_all();
          run_item(victim.queue.steal_into(own.queue));
        },
        [&] { own.steal(); });
    own.check();
    victim.check();
  });
}

TEST(run_queue_model, long_random_runs_take_everything_once) {
  model::expect_holds(search{.samples = 20'000}, [] {
    ring<4, 12> shared;
    model::together(
        [&] {
          for (std::uint32_t i = 0; i < 12; ++i) {
            shared.push(i);
            if (i % 3 == 2) run_item(shared.queue.pop());
          }
          shared.pop_all();
        },
        [&] {
          for (int i = 0; i < 3; ++i)
            shared.steal();
        },
        [&] {
          for (int i = 0; i < 3; ++i)
            shared.steal();
        });
    shared.check();
  });
}

}  // namespace
}  // namespace tacit::sched
