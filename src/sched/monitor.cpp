#include "sched/monitor.hpp"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

#include <tacit/base/time_slice.hpp>
#include <tacit/sched/scheduler.hpp>

#include "sched/idle.hpp"
#include "sched/stack_capture.hpp"
#include "sched/worker_set.hpp"

namespace tacit::sched {
namespace {

using std::chrono::microseconds;

constexpr microseconds interval_helping{50};
// Something waits behind a run of which we do not know yet whether it is a long one.
constexpr microseconds interval_doubting{150};
constexpr microseconds interval_busy{400};
// A look costs the CPU that it is on some 25 us with all that follows from it: on a server of one
// CPU 2,500 of them in a second are 6 % of what it has. As long as no run is long, nobody needs
// them.
constexpr microseconds interval_calm{2000};
constexpr std::chrono::seconds calm_after{1};
// For those that belong together an offer costs some 10 us, until they have met again.
constexpr microseconds waiting_before_offer{2000};
// Work that waits behind one run for so long may be taken by a thief.
constexpr microseconds stuck_after{100};
// While all workers are in runs that have lasted for so long a spare one is called: well below what
// anybody notices, well above what an ordinary request takes.
constexpr microseconds held_after{300};
// Waking the monitor costs the worker that does it some microseconds. So it stays awake between the
// requests of a server that has some hundreds of them in a second.
constexpr int quiet_looks_before_sleep = 4;
constexpr std::chrono::seconds housekeeping_interval{1};
constexpr microseconds interval_min_for_memory{500};
constexpr std::chrono::milliseconds stack_bound{50};
// A stall costs a signal, a stack and a line in the log.
constexpr std::chrono::milliseconds report_interval{100};

}  // namespace

monitor::monitor(scheduler& watched)
    : scheduler_(watched),
      views_(watched.workers_->size_max()),
      interval_(interval_busy),
      reclaimer_(watched.options_.uncommit_delay),
      pauses_(watched) {}

void monitor::start() {
  regular_ = scheduler_.workers();
  thread_ = base::thread([this] { run(); });
}

void monitor::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void monitor::wake() noexcept {
  const std::lock_guard lock(mutex_);
  asleep_.store(false, base::memory_order_seq_cst);
  changed_.notify_one();
}

// The monitor says that it sleeps before it looks whether somebody is awake; a worker is counted as
// awake before it asks whether the monitor sleeps: one sees the other.
//
// False if it slept.
bool monitor::wait() {
  std::unique_lock lock(mutex_);
  if (quiet_looks_ < quiet_looks_before_sleep) {
    changed_.wait_for(lock, interval_, [this] { return stopping_; });
    return true;
  }
  asleep_.store(true, base::memory_order_seq_cst);
  bool goes_on = true;
  if (scheduler_.idle_->awake() == 0) {
    const auto is_called = [this] {
      return stopping_ || !asleep_.load(base::memory_order_seq_cst);
    };
    // What a burst has left is returned also if nothing happens any more.
    if (next_memory_look_ != base::steady_time::max()) {
      goes_on = changed_.wait_until(lock, next_memory_look_, is_called);
    } else {
      changed_.wait(lock, is_called);
    }
  }
  asleep_.store(false, base::memory_order_seq_cst);
  if (goes_on) quiet_looks_ = 0;  // Else one look, for the memory.
  return false;
}

void monitor::run() {
  pthread_setname_np(pthread_self(), "tacit-monitor");
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  // What there is to look for was found a moment ago, and a start has better things to do.
  next_housekeeping_ = std::chrono::steady_clock::now() + housekeeping_interval;
  base::ask_for_short_slices();  // It is to see what goes on when all CPUs are taken, too.
  for (;;) {
    const bool was_awake = wait();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    const auto now = std::chrono::steady_clock::now();
    pauses_.collect(was_awake ? interval_ : microseconds(0), now);
    interval_ = now < calm_at_ ? interval_busy : interval_calm;
    std::uint64_t runs = 0;
    for (const auto& each : scheduler_.workers_->all()) {
      if (!each->is_started()) continue;  // A spare one for which there was no thread to be had.
      interval_ = std::min(interval_, look(*each, views_[each->index()], now));
      runs += views_[each->index()].run;
    }
    keep_house(now);
    const bool is_idle = scheduler_.idle_->awake() == 0;
    keep_memory(now, is_idle);
    if (call_spares(now)) interval_ = interval_helping;
    const bool is_quiet = runs == runs_before_ && is_idle;
    runs_before_ = runs;
    quiet_looks_ = is_quiet ? quiet_looks_ + 1 : 0;
  }
}

void monitor::keep_house(base::steady_time now) {
  if (now < next_housekeeping_) return;
  next_housekeeping_ = now + housekeeping_interval;
  auto& quota = scheduler_.quota_;
  if (!quota) return;
  quota->changed();
  const std::uint32_t wanted = std::clamp(quota->current().cpus, 1U, scheduler_.workers_max());
  if (wanted == regular_) return;
  try {
    if (wanted > scheduler_.workers()) scheduler_.grow_to(quota->current());
    regular_ = wanted;
  } catch (const std::exception&) {
    // No further thread or descriptor is to be had now; the next look tries again.
    regular_ = std::min(wanted, scheduler_.workers());
  }
  if (scheduler_.spare_workers() == 0) scheduler_.set_active(regular_);
}

void monitor::keep_memory(base::steady_time now, bool is_quiet) {
  if (scheduler_.options_.keep_memory) {
    next_memory_look_ = scheduler_.options_.keep_memory(now, is_quiet);
  } else if (scheduler_.options_.uncommit_delay.count() != 0) {
    next_memory_look_ = reclaimer_.step(now, is_quiet);
  }
  if (next_memory_look_ - now >= interval_) return;
  interval_ = std::max(interval_min_for_memory,
                       std::chrono::duration_cast<microseconds>(next_memory_look_ - now));
}

// Of the workers that may run coroutines one at least is to be free: as many may as are held by a
// long run, wherever these are, and one more. True if it may soon come to that.
bool monitor::call_spares(base::steady_time now) {
  if (scheduler_.spare_workers() == 0) return false;
  std::uint32_t in_same_run = 0;
  std::uint32_t held = 0;
  for (const view& each : views_) {
    if (each.idle) continue;
    if (each.since < now) ++in_same_run;
    if (now - each.since >= held_after) ++held;
  }
  try {
    const std::uint32_t most = scheduler_.workers() + scheduler_.spare_workers();
    scheduler_.set_active(std::max(regular_, std::min(held + 1, most)));
  } catch (const std::exception&) {
    // No further thread or descriptor is to be had now; the next look tries again.
    scheduler_.set_active(regular_);
  }
  return in_same_run >= regular_;
}

// In how long to look again.
microseconds monitor::look(worker& watched, view& before, base::steady_time now) {
  const std::uint64_t run = watched.runs_.value();
  const bool is_parked = watched.polls_.is_asleep();
  if (run != before.run || is_parked) {
    note_length(watched, before, now);
    before = {run, now, false, false, is_parked, before.waiting_since};
    return follow(watched, before);
  }
  if (!before.idle && now - before.since >= interval_busy) {
    calm_at_ = now + calm_after;
    pauses_.note_long_run(watched, run);
  }
  if (now - before.since >= scheduler_.options_.stall_bound && !before.reported && !before.idle &&
      scheduler_.options_.stall_bound.count() > 0) {
    report(watched, before, now);
  }
  return send_help(watched, before, now) ? interval_helping : interval_;
}

// It goes from run to run.
microseconds monitor::follow(worker& watched, view& seen) {
  if (!could_need_help(watched)) {
    seen.waiting_since = base::steady_time::max();
    return interval_;
  }
  if (seen.waiting_since == base::steady_time::max()) {
    seen.waiting_since = seen.since;
  } else if (seen.since - seen.waiting_since >= waiting_before_offer) {
    seen.waiting_since = seen.since;
    watched.ring_is_offered_.store(true, base::memory_order_relaxed);
    scheduler_.wake_one();
  }
  return seen.since < calm_at_ ? interval_doubting : interval_calm;
}

bool monitor::could_need_help(const worker& watched) const noexcept {
  const bool next_waits = !watched.next_.is_empty();
  return scheduler_.options_.stealing && (next_waits || watched.has_ready()) &&
         scheduler_.idle_->seems_worth_waking();
}

// True if somebody was woken.
bool monitor::send_help(worker& watched, const view& before, base::steady_time now) {
  if (!scheduler_.options_.stealing) return false;
  const bool is_stuck = now - before.since >= stuck_after;
  // Also while nothing waits: who searches meanwhile may take what comes.
  if (is_stuck) watched.next_.open_for(before.run);
  if (!scheduler_.idle_->seems_worth_waking()) return false;
  const bool next_waits = !watched.next_.is_empty();
  const bool unpolled = !watched.polls_.was_polled_after(now - worker::poll_overdue);
  if (!(is_stuck && next_waits) && !unpolled && !watched.has_ready()) return false;
  scheduler_.wake_one();
  return true;
}

void monitor::note_length(worker& watched, const view& before, base::steady_time now) noexcept {
  const auto length = std::chrono::nanoseconds(now - before.since).count();
  // Shorter than two looks: it says nothing.
  if (before.idle || now - before.since < 2 * interval_) return;
  if (length > watched.longest_run_ns_.load(base::memory_order_relaxed)) {
    watched.longest_run_ns_.store(length, base::memory_order_relaxed);
  }
}

void monitor::report(worker& watched, view& before, base::steady_time now) {
  if (!std::exchange(before.counted, true)) stalls_.fetch_add(1, base::memory_order_relaxed);
  // Later, if it still lasts.
  if (!scheduler_.options_.on_stall || now < may_report_at_) return;
  before.reported = true;
  may_report_at_ = now + report_interval;
  stall seen;
  seen.worker = watched.index_;
  seen.duration = now - before.since;
  seen.function = watched.running_.load(base::memory_order_relaxed);
  seen.request = watched.request_.load(base::memory_order_relaxed);
  captured_stack stack =
      capture_stack(watched.thread_id_.load(base::memory_order_relaxed), stack_bound);
  // A stall may begin before the request does, as with its parsing on a slow machine: the stack is
  // of what is under way now.
  if (seen.request == 0 && watched.runs_.value() == before.run) {
    seen.request = watched.request_.load(base::memory_order_relaxed);
  }
  if (stack.status != capture_status::captured) seen.why_no_frames = to_words(stack.status);
  seen.frames = std::move(stack.frames);
  pauses_.note_stack(watched, before.run, seen.frames);
  scheduler_.options_.on_stall(seen);
}

}  // namespace tacit::sched
