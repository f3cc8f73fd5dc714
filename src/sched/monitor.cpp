#include "sched/monitor.hpp"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <mutex>

#include <tacit/sched/scheduler.hpp>

#include "sched/idle.hpp"
#include "sched/stack_capture.hpp"
#include "sched/stack_symbols.hpp"
#include "sched/worker.hpp"

namespace tacit::sched {
namespace {

using std::chrono::microseconds;

constexpr microseconds interval_helping{50};
constexpr microseconds interval_busy{500};
constexpr microseconds interval_max{10'000};
// Work that waits behind one run for so long may be taken by a thief.
constexpr microseconds stuck_after{100};
constexpr int quiet_looks_before_sleep = 20;
constexpr std::chrono::seconds housekeeping_interval{1};
constexpr std::chrono::seconds memory_kept_for{10};
constexpr std::size_t trimmed_bytes_max = 1024 * 1024;
constexpr std::chrono::milliseconds stack_bound{50};
// A stall costs a signal, a stack and a line in the log.
constexpr std::chrono::milliseconds report_interval{100};

}  // namespace

monitor::monitor(scheduler& watched)
    : scheduler_(watched), views_(watched.workers()), interval_(interval_busy) {}

void monitor::start() {
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
void monitor::wait() {
  std::unique_lock lock(mutex_);
  if (quiet_looks_ < quiet_looks_before_sleep) {
    changed_.wait_for(lock, interval_, [this] { return stopping_; });
    return;
  }
  asleep_.store(true, base::memory_order_seq_cst);
  if (scheduler_.idle_->awake() == 0) {
    changed_.wait(lock, [this] { return stopping_ || !asleep_.load(base::memory_order_seq_cst); });
  }
  asleep_.store(false, base::memory_order_seq_cst);
  quiet_looks_ = 0;
  interval_ = interval_busy;
}

void monitor::run() {
  pthread_setname_np(pthread_self(), "tacit-monitor");
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  for (;;) {
    wait();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    const auto now = std::chrono::steady_clock::now();
    bool helping = false;
    std::uint64_t runs = 0;
    for (std::uint32_t i = 0; i < scheduler_.workers(); ++i) {
      worker& each = *scheduler_.workers_[i];
      helping |= look(each, views_[i], now);
      runs += views_[i].run;
    }
    keep_house(now);
    const bool is_quiet = runs == runs_before_ && scheduler_.idle_->awake() == 0;
    runs_before_ = runs;
    quiet_looks_ = is_quiet ? quiet_looks_ + 1 : 0;
    interval_ = helping    ? interval_helping
                : is_quiet ? std::min(interval_ * 2, interval_max)
                           : interval_busy;
  }
}

void monitor::keep_house(base::steady_time now) {
  if (now < next_housekeeping_) return;
  next_housekeeping_ = now + housekeeping_interval;
  if (scheduler_.options_.workers == 0 && quota_.changed()) {
    scheduler_.set_active(quota_.current().cpus);
  }
  memory::frame_pool::trim(now, memory_kept_for, trimmed_bytes_max);
}

// True if somebody was woken to help.
bool monitor::look(worker& watched, view& before, base::steady_time now) {
  const std::uint64_t run = watched.runs_.value();
  const bool is_parked = watched.is_parked_.load(base::memory_order_acquire);
  if (run != before.run || is_parked) {
    note_length(watched, before, now);
    before = {run, now, !is_parked, false};
    return false;
  }
  if (before.is_running && now - before.since >= scheduler_.options_.stall_bound &&
      !before.reported && scheduler_.options_.stall_bound.count() > 0) {
    report(watched, before, now);
  }
  return needs_help(watched, before, now);
}

bool monitor::needs_help(worker& watched, const view& before, base::steady_time now) {
  if (!scheduler_.options_.stealing || !scheduler_.idle_->seems_worth_waking()) return false;
  const bool is_stuck = now - before.since >= stuck_after;
  const bool next_waits = watched.next_.load(base::memory_order_relaxed) != nullptr;
  if (is_stuck && next_waits) {
    watched.next_open_for_.store(before.run, base::memory_order_relaxed);
  }
  const auto overdue = (now - worker::poll_overdue).time_since_epoch().count();
  const bool unpolled = watched.polled_at_.load(base::memory_order_relaxed) < overdue;
  if (!(is_stuck && next_waits) && !unpolled && !watched.has_ready()) return false;
  scheduler_.wake_one();
  return true;
}

void monitor::note_length(worker& watched, const view& before, base::steady_time now) noexcept {
  const auto length = std::chrono::nanoseconds(now - before.since).count();
  // Shorter than two looks: it says nothing.
  if (!before.is_running || now - before.since < 2 * interval_) return;
  if (length > watched.longest_run_ns_.load(base::memory_order_relaxed)) {
    watched.longest_run_ns_.store(length, base::memory_order_relaxed);
  }
}

void monitor::report(worker& watched, view& before, base::steady_time now) {
  before.reported = true;
  stalls_.fetch_add(1, base::memory_order_relaxed);
  if (!scheduler_.options_.on_stall || now < may_report_at_) return;
  may_report_at_ = now + report_interval;
  stall seen;
  seen.worker = watched.index_;
  seen.duration = now - before.since;
  seen.function = watched.running_.load(base::memory_order_relaxed);
  seen.request = watched.request_.load(base::memory_order_relaxed);
  const captured_stack stack =
      capture_stack(watched.thread_id_.load(base::memory_order_relaxed), stack_bound);
  if (stack.status != capture_status::captured) {
    seen.stack.emplace_back(to_words(stack.status));
  }
  for (const std::uintptr_t address : stack.frames)
    seen.stack.push_back(describe_address(address));
  scheduler_.options_.on_stall(seen);
}

}  // namespace tacit::sched
