#pragma once

// The coroutine that a worker runs next, and who may take it instead.
//
// What a running coroutine makes ready is put here: its data is still warm on this worker, so it is
// not for others. But the running one may go on and on. Then the monitor opens the slot to thieves,
// for that run only.
//
//   1. Whoever takes what is in the slot exchanges it for nothing: so it is taken once.
//   2. A thief looks whether the slot is open for the run that is going on, and takes after that.
//   If
//      the run ends in between, it takes what the next one has put there: less warm, but no less
//      right. Rejected: run and coroutine in one word, which costs the owner a compare-and-swap.
//   3. Opening wakes nobody. The monitor wakes a thief after it, and looks again soon: what is
//   still
//      there then, it opens again.
//
// Explored by next_slot_model_test.

#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::sched {

class next_slot {
 public:
  /// Owner only. Returns what was there before, or nullptr.
  runnable* put(runnable& ready) noexcept {
    return slot_.exchange(&ready, base::memory_order_acq_rel);
  }

  /// Owner only. Mostly there is nothing, which is cheaper to see than to take.
  runnable* take() noexcept {
    return is_empty() ? nullptr : slot_.exchange(nullptr, base::memory_order_acquire);
  }

  [[nodiscard]] bool is_empty() const noexcept { return !slot_.load(base::memory_order_relaxed); }

  /// By the monitor: thieves may take what waits behind this run of the owner.
  void open_for(std::uint64_t run) noexcept { open_for_.store(run, base::memory_order_relaxed); }

  [[nodiscard]] bool is_open_for(std::uint64_t run) const noexcept {
    return open_for_.load(base::memory_order_relaxed) == run;
  }

  /// By a thief. `run` is the one that the owner is in.
  runnable* steal(std::uint64_t run) noexcept {
    if (is_empty() || !is_open_for(run)) return nullptr;
    return slot_.exchange(nullptr, base::memory_order_acquire);
  }

 private:
  static constexpr std::uint64_t no_run = ~std::uint64_t{0};

  base::atomic<runnable*> slot_{nullptr};  // Exchanged in with release, out with acquire.
  base::atomic<std::uint64_t> open_for_{no_run};
};

}  // namespace tacit::sched
