#pragma once

// One thread that looks at all workers from outside, because one that is stuck cannot help itself.
//
// It looks every 2 ms as long as the runs are short. For a second after a long one it looks every
// 400 us, sooner if somebody could help: after 150 us if something waits behind a run that may
// become a long one, after 50 us if it has become one. It sleeps once all workers have been parked
// for a while. It sees:
//   - work that waits behind a run that goes on and on: opens the next slot and the ring to
//   thieves,
//     wakes one;
//   - a ring that is left to its quick worker and never empty: offers it to a thief now and then.
//     What belongs together comes back, what does not has a worker of its own from then on;
//   - a worker that has not looked at its poller for long: wakes a thief, who polls for it;
//   - all workers in long runs at once: calls a spare one, and sends it away when one is free
//   again;
//   - a run that is longer than the stall bound: reports it, once, and not too many a second;
//   - a CPU quota that has changed: makes workers sit out, or come back;
//   - pauses: it fetches what the workers have noted, and adds what only somebody else can know
//   (pause_collector);
//   - memory that nobody has used for a while: gives it back to the kernel, in slices.

#include <chrono>
#include <cstdint>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/memory/reclaimer.hpp>
#include <tacit/sched/stall.hpp>

#include "sched/pause_collector.hpp"

namespace tacit::sched {

class scheduler;
class worker;

class monitor {
 public:
  explicit monitor(scheduler& watched);

  void start();
  void stop();

  /// A worker goes to work: ends the monitor's sleep.
  void on_unpark() noexcept {
    if (asleep_.load(base::memory_order_seq_cst)) [[unlikely]]
      wake();
  }

  /// Stalls seen, reported or not.
  [[nodiscard]] std::uint64_t stalls() const noexcept {
    return stalls_.load(base::memory_order_relaxed);
  }

 private:
  struct view {
    std::uint64_t run = 0;      // The run that the worker was in when we looked last,
    base::steady_time since{};  // since when we know it to be in it,
    bool counted = false;       // whether it was counted as a stall,
    bool reported = false;      // and reported,
    bool idle = true;           // and whether it was parked, or we have not looked yet.
    // Since when each look has found something waiting, and a worker idle.
    base::steady_time waiting_since = base::steady_time::max();
  };

  void run();
  void wake() noexcept;
  bool wait();
  std::chrono::microseconds look(worker& watched, view& before, base::steady_time now);
  std::chrono::microseconds follow(worker& watched, view& seen);
  [[nodiscard]] bool could_need_help(const worker& watched) const noexcept;
  bool send_help(worker& watched, const view& before, base::steady_time now);
  void note_length(worker& watched, const view& before, base::steady_time now) noexcept;
  void keep_house(base::steady_time now);
  void keep_memory(base::steady_time now, bool is_quiet);
  bool call_spares(base::steady_time now);
  void report(worker& watched, view& before, base::steady_time now);

  scheduler& scheduler_;
  std::vector<view> views_;
  std::uint32_t regular_ = 1;  // Workers for which there are CPUs.
  std::chrono::microseconds interval_;
  std::uint64_t runs_before_ = 0;
  int quiet_looks_ = 0;
  base::steady_time calm_at_{};
  base::steady_time may_report_at_{};
  base::steady_time next_housekeeping_{};
  memory::reclaimer reclaimer_;
  base::steady_time next_memory_look_ = base::steady_time::max();
  pause_collector pauses_;

  base::mutex mutex_;
  base::condition_variable changed_;
  bool stopping_ = false;  // Guarded by mutex_.
  base::atomic<bool> asleep_{false};
  base::atomic<std::uint64_t> stalls_{0};
  base::thread thread_;
};

}  // namespace tacit::sched
