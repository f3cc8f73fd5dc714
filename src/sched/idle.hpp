#pragma once

// Who sleeps and who searches, so that no wake-up is lost and few are wasted.
//
// A worker is running, searching (awake, nothing to run, looking at the others' queues) or parked.
// `counts_` holds the number that are awake and, among these, the number that search.
//
// Producer:  P1 publishes work.  P2 (seq_cst fence) reads counts_: if nobody searches and somebody
// is
//            parked, it takes one sleeper off the list, counts it as awake and searching, and
//            interrupts its poller.
// Worker:    W1 finds nothing.  W2 announces: leaves the awake (and the searching), enters the
// list.
//            W3 if nobody searches any more, it looks once more at every queue, and wakes a worker
//            (which may be itself) if there is work.  W4 waits in its poller.
//
// No wake-up is lost: P1 < P2 and W2 < W3 are ordered, all four are seq_cst. If P2 sees a searcher,
// then that searcher has not yet done W2, and will do W3 after P1. If P2 sees none, it finds a
// sleeper on the list or everyone awake; a worker that is awake and does not search looks at its
// own queue and the inject queue before it parks, and parks only by way of searching or with
// another searcher around. interrupt() is sticky, so an interrupt between W2 and W4 ends W4 at
// once.
//
// One searcher is woken per burst, not one worker per task: the searcher that finds work wakes the
// next one (leave_search). At most half of the workers search at a time.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/observe/watched_lock.hpp>

namespace tacit::sched {

class idle {
 public:
  /// `workers` are awake; with those that come_back() later there are `workers_max`, if that is
  /// more.
  explicit idle(std::uint32_t workers, std::uint32_t workers_max = 0)
      : active_(workers), counts_(workers) {
    sleepers_.reserve(std::max(workers, workers_max));
  }

  /// P2. The worker to be interrupted, if one is to be.
  std::optional<std::uint32_t> take_sleeper() noexcept {
    base::fence_seq_cst();
    if (!worth_waking(counts_.load(base::memory_order_seq_cst))) return std::nullopt;
    const observe::watched_lock lock(mutex_);
    if (!worth_waking(counts_.load(base::memory_order_seq_cst)) || sleepers_.empty()) {
      return std::nullopt;
    }
    const std::uint32_t taken = sleepers_.back();
    sleepers_.pop_back();
    counts_.fetch_add(1 + one_searcher, base::memory_order_seq_cst);
    return taken;
  }

  /// Without order: for a caller who will look again, or can do without help.
  [[nodiscard]] bool seems_worth_waking() const noexcept {
    return worth_waking(counts_.load(base::memory_order_relaxed));
  }

  [[nodiscard]] std::uint64_t awake() const noexcept {
    return awake(counts_.load(base::memory_order_seq_cst));
  }

  /// False if enough others search already.
  bool enter_search() noexcept {
    if (2 * searching(counts_.load(base::memory_order_relaxed)) >=
        active_.load(base::memory_order_relaxed)) {
      return false;
    }
    counts_.fetch_add(one_searcher, base::memory_order_seq_cst);
    return true;
  }

  /// The searcher has found work. True if it was the last one: then it wakes the next.
  bool leave_search() noexcept {
    return searching(counts_.fetch_sub(one_searcher, base::memory_order_seq_cst)) == 1;
  }

  /// W2. True if the caller leaves nobody searching behind and owes W3: also if it was no searcher
  /// itself, for the one that kept it from searching may have found something and be stuck in it by
  /// now.
  bool park(std::uint32_t worker, bool was_searching) noexcept {
    const observe::watched_lock lock(mutex_);
    sleepers_.push_back(worker);
    const std::uint64_t before =
        counts_.fetch_sub(1 + (was_searching ? one_searcher : 0), base::memory_order_seq_cst);
    return searching(before) == (was_searching ? 1U : 0U);
  }

  /// How many workers are to run coroutines. The others retire().
  void set_active(std::uint32_t workers) noexcept {
    active_.store(workers, base::memory_order_relaxed);
  }

  /// Instead of park() and unpark(), for a worker that is not to be woken for work.
  void retire(bool was_searching) noexcept {
    counts_.fetch_sub(1 + (was_searching ? one_searcher : 0), base::memory_order_seq_cst);
  }
  void come_back() noexcept { counts_.fetch_add(1, base::memory_order_seq_cst); }

  /// After the wait. True if a producer woke the worker, which then is a searcher; false if it woke
  /// for its own reasons (I/O, a timer).
  bool unpark(std::uint32_t worker) noexcept {
    const observe::watched_lock lock(mutex_);
    for (auto& each : sleepers_) {
      if (each != worker) continue;
      each = sleepers_.back();
      sleepers_.pop_back();
      counts_.fetch_add(1, base::memory_order_seq_cst);
      return false;
    }
    return true;
  }

 private:
  static constexpr std::uint64_t one_searcher = std::uint64_t{1} << 32;
  static std::uint64_t searching(std::uint64_t counts) noexcept { return counts >> 32; }
  static std::uint64_t awake(std::uint64_t counts) noexcept { return counts & 0xffff'ffff; }
  [[nodiscard]] bool worth_waking(std::uint64_t counts) const noexcept {
    return searching(counts) == 0 && awake(counts) < active_.load(base::memory_order_relaxed);
  }

  base::atomic<std::uint64_t> active_;
  base::atomic<std::uint64_t> counts_;  // Changed under mutex_ where the list changes too.
  base::mutex mutex_;
  std::vector<std::uint32_t>
      sleepers_;  // Guarded by mutex_. Last in, first out: keeps caches warm.
};

}  // namespace tacit::sched
