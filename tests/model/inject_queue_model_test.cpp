#include "sched/inject_queue.hpp"

#include <gtest/gtest.h>

#include "model/work_item.hpp"

namespace tacit::sched {
namespace {

using model::run_item;
using model::search;
using model::work_item;

TEST(inject_queue_model, everything_is_taken_once) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    inject_queue queue;
    work_item items[3];
    const auto push = [&](work_item& each) {
      each.prepare();
      queue.push(each);
    };
    model::together(
        [&] {
          push(items[0]);
          push(items[1]);
        },
        [&] {
          push(items[2]);
          run_item(queue.pop());
        },
        [&] { run_item(queue.pop()); });
    while (run_item(queue.pop())) {
    }
    for (const auto& each : items)
      model::require(each.has_run(), "an item is lost");
    model::require(queue.size() == 0, "the size is wrong");
  });
}

TEST(inject_queue_model, lists_are_taken_once) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    inject_queue queue;
    work_item items[4];
    for (auto& each : items)
      each.prepare();
    const auto take_two = [&] {
      std::uint64_t count = 2;
      runnable* each = queue.pop_some(count);
      for (std::uint64_t taken = 0; each; ++taken) {
        model::require(taken < count, "more than it says");
        runnable* const after = each->next;
        run_item(each);
        each = after;
      }
    };
    model::together(
        [&] {
          items[0].next = &items[1];
          items[1].next = &items[2];
          queue.push_all(items[0], items[2], 3);
        },
        [&] {
          queue.push(items[3]);
          take_two();
        },
        take_two);
    while (run_item(queue.pop())) {
    }
    for (const auto& each : items)
      model::require(each.has_run(), "an item is lost");
    model::require(queue.size() == 0, "the size is wrong");
  });
}

// What one thread pushes is taken in that order.
TEST(inject_queue_model, order_is_kept) {
  model::expect_holds(search{.preemptions = 3, .stale_reads = 1}, [] {
    inject_queue queue;
    work_item items[2];
    model::together(
        [&] {
          queue.push(items[0]);
          queue.push(items[1]);
        },
        [&] {
          const runnable* first = queue.pop();
          const runnable* second = first ? queue.pop() : nullptr;
          model::require(!first || first == &items[0], "the second comes first");
          model::require(!second || second == &items[1], "not what was pushed");
        });
  });
}

}  // namespace
}  // namespace tacit::sched
