#include "sched/next_slot.hpp"

#include <gtest/gtest.h>

#include "model/work_item.hpp"

namespace tacit::sched {
namespace {

using model::require;
using model::run_item;
using model::search;
using model::work_item;

/// The slot with a planted mistake: who takes looks and clears in two steps, or what is put there
/// is not published.
template <bool TakesInOneStep, std::memory_order Publishes>
class planted_slot {
 public:
  runnable* put(runnable& ready) noexcept { return slot_.exchange(&ready, Publishes); }
  runnable* take() noexcept {
    if (TakesInOneStep) return slot_.exchange(nullptr, base::memory_order_acquire);
    runnable* const found = slot_.load(base::memory_order_acquire);
    if (found) slot_.store(nullptr, base::memory_order_relaxed);
    return found;
  }
  [[nodiscard]] bool is_empty() const noexcept { return !slot_.load(base::memory_order_relaxed); }
  void open_for(std::uint64_t run) noexcept { open_for_.store(run, base::memory_order_relaxed); }
  runnable* steal(std::uint64_t run) noexcept {
    return open_for_.load(base::memory_order_relaxed) == run ? take() : nullptr;
  }

 private:
  base::atomic<runnable*> slot_{nullptr};
  base::atomic<std::uint64_t> open_for_{0};
};

/// An owner whose runs each make one item ready, two thieves, and a monitor that opens the slot
/// whenever it looks.
template <class Slot>
void everything_is_taken_once() {
  constexpr std::uint64_t runs = 3;
  Slot next;
  base::atomic<std::uint64_t> run{0};
  work_item items[runs];
  const auto steal = [&] { run_item(next.steal(run.load(base::memory_order_acquire))); };
  model::together(
      [&] {
        for (std::uint64_t i = 0; i < runs; ++i) {
          run.store(i + 1, base::memory_order_relaxed);
          items[i].prepare();
          run_item(next.put(items[i]));
          if (i != 1) run_item(next.take());  // A run may put more than one there.
        }
      },
      steal, steal,
      [&] {
        const std::uint64_t seen = run.load(base::memory_order_acquire);
        if (!next.is_empty()) next.open_for(seen);
      });
  run_item(next.take());
  for (const auto& each : items)
    require(each.has_run(), "an item was not run");
}

TEST(next_slot_model, everything_is_taken_once) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 0},
                      everything_is_taken_once<next_slot>);
}

TEST(next_slot_model, everything_is_taken_once_at_random) {
  model::expect_holds(search{.samples = 20'000}, everything_is_taken_once<next_slot>);
}

// The owner goes on only after a thief has run what waits behind it.
TEST(next_slot_model, what_waits_behind_a_stuck_run_is_taken) {
  model::expect_holds(search{.preemptions = 1, .stale_reads = 1}, [] {
    next_slot next;
    base::atomic<std::uint64_t> run{0};
    base::atomic<bool> has_run{false};
    work_item item;
    model::together(
        [&] {
          run.store(1, base::memory_order_relaxed);
          item.prepare();
          next.put(item);
          has_run.wait(false, base::memory_order_acquire);
          require(!next.take(), "an item is taken twice");
        },
        [&] {
          while (!run_item(next.steal(run.load(base::memory_order_acquire))))
            model::give_way();
          has_run.store(true, base::memory_order_release);
          has_run.notify_one();
        },
        [&] {
          while (!has_run.load(base::memory_order_relaxed)) {
            const std::uint64_t seen = run.load(base::memory_order_acquire);
            if (!next.is_empty()) next.open_for(seen);
            model::give_way();
          }
        });
  });
}

TEST(next_slot_model, what_is_not_open_is_left_to_its_owner) {
  model::expect_holds(search{.preemptions = 3, .stale_reads = 2}, [] {
    next_slot next;
    base::atomic<std::uint64_t> run{2};
    work_item item;
    next.open_for(1);  // A run that is over.
    model::together(
        [&] {
          item.prepare();
          next.put(item);
          require(run_item(next.take()), "an item is stolen that was not to be");
        },
        [&] {
          require(!next.steal(run.load(base::memory_order_acquire)), "the slot is not open");
        });
  });
}

// Who runs an item that another one has run knows nothing of that: so it is found as a race.
TEST(next_slot_canary, finds_a_look_and_a_clearing_in_two_steps) {
  model::expect_found(search{.preemptions = 2}, "race",
                      everything_is_taken_once<planted_slot<false, base::memory_order_acq_rel>>);
}

TEST(next_slot_canary, finds_an_item_that_is_not_published) {
  model::expect_found(search{.preemptions = 2}, "race",
                      everything_is_taken_once<planted_slot<true, base::memory_order_relaxed>>);
}

}  // namespace
}  // namespace tacit::sched
