#include "sched/pause_collector.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <tacit/sched/scheduler.hpp>

#include "sched/worker_set.hpp"

namespace tacit::sched {
namespace {

using std::chrono::nanoseconds;

// A shorter one is not told from a monitor that woke up late.
constexpr nanoseconds stop_min{5'000'000};
// The times of the process are read at most so often; a stop is looked for in what has passed
// since.
constexpr nanoseconds times_interval{1'000'000};

nanoseconds process_cpu_time() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

// The second number of the file.
nanoseconds own_run_delay() noexcept {
  thread_local const int file = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  std::array<char, 80> text{};
  if (file < 0 || ::pread(file, text.data(), text.size() - 1, 0) <= 0) return nanoseconds(0);
  char* at = text.data();
  static_cast<void>(std::strtoull(at, &at, 10));
  return nanoseconds(static_cast<std::int64_t>(std::strtoull(at, &at, 10)));
}

}  // namespace

pause_collector::pause_collector(scheduler& watched)
    : scheduler_(watched),
      into_(watched.pauses_.get()),
      long_runs_(watched.workers_->size_max()),
      runs_before_(watched.workers_->size_max()) {}

void pause_collector::collect(std::chrono::microseconds interval, base::steady_time now) {
  if (!into_) return;
  charge_stop();
  look_for_stop(interval, now);
  for (const auto& each : scheduler_.workers_->all())
    runs_before_[each->index()] = each->runs_.value();
  into_->collect([this](std::uint32_t worker, const observe::held_stretch& seen) {
    return context_of(worker, seen);
  });
}

// A process that was stopped has used no CPU. What this thread waited for a CPU came after it.
void pause_collector::look_for_stop(std::chrono::microseconds interval, base::steady_time now) {
  const nanoseconds excess = now - std::exchange(looked_at_, now) - interval;
  const bool may_be_stop = interval.count() != 0 && excess >= stop_min;
  if (!may_be_stop && now - times_at_ < times_interval) return;
  const process_times before = std::exchange(times_, {process_cpu_time(), own_run_delay()});
  times_at_ = now;
  const nanoseconds run_delay = times_.run_delay - before.run_delay;
  const nanoseconds stopped = excess - run_delay;
  // The others may have gone on earlier than we, and they ran before it.
  const nanoseconds used_max = stopped / 4 + 2 * (times_interval + run_delay);
  if (!may_be_stop || stopped < stop_min || times_.used - before.used > used_max) return;
  // It began when a thread was last active, and was over when one went on.
  observe::pause found{now - excess - interval, {}, observe::pause_cause::scheduled_out};
  base::steady_time end = now;
  for (std::uint32_t i = 0; i < scheduler_.active_workers(); ++i) {
    const auto gap = gap_of((*scheduler_.workers_)[i], now, run_delay, stopped);
    if (!gap) return;
    found.begin = std::max(found.begin, gap->begin);
    end = std::min(end, gap->end);
  }
  found.length = end - found.begin;
  into_->note_stop(found.begin, end);
  stop_ = {found, runs_before_};
}

// Nothing if the worker did something in most of what is taken for a stop.
std::optional<observe::pause_watch::stretch_times> pause_collector::gap_of(const worker& of,
                                                                           base::steady_time now,
                                                                           nanoseconds run_delay,
                                                                           nanoseconds stopped) {
  const observe::pause_watch::stretch_times held = of.pauses_.last_long();
  const bool went_on_lately = held.end > now - run_delay - stopped / 4;
  if (held.end - held.begin >= stopped / 2 && went_on_lately) return held;
  const base::steady_time begun = of.pauses_.begun();
  if (begun < now - run_delay - stopped / 2) return {{begun, now}};
  return std::nullopt;
}

void pause_collector::charge_stop() {
  if (!stop_) return;
  for (std::uint32_t i = 0; i < scheduler_.active_workers(); ++i) {
    const worker& each = (*scheduler_.workers_)[i];
    const bool had_work = each.runs_.value() != stop_->runs_before[i] || !each.polls_.is_asleep();
    if (had_work) into_->add(i, stop_->what);
  }
  stop_.reset();
}

void pause_collector::note_long_run(worker& watched, std::uint64_t run) {
  long_run& into = long_runs_[watched.index_];
  if (!into_ || into.run == run) return;
  const std::uint64_t request = watched.request_.load(base::memory_order_relaxed);
  into.context.function = watched.running_.load(base::memory_order_relaxed);
  into.context.request.clear();
  into.context.frames.clear();
  if (request != 0 && scheduler_.options_.name_request) {
    into.context.request = scheduler_.options_.name_request(request);
  }
  // Unless the worker has gone on meanwhile.
  into.run = watched.runs_.value() == run ? run : 0;
}

void pause_collector::note_stack(worker& watched, std::uint64_t run,
                                 const std::vector<std::uintptr_t>& frames) {
  note_long_run(watched, run);
  if (long_runs_[watched.index_].run == run) long_runs_[watched.index_].context.frames = frames;
}

const observe::pause_context* pause_collector::context_of(std::uint32_t worker,
                                                          const observe::held_stretch& seen) {
  if (seen.what != observe::held_stretch::kind::runs) return nullptr;
  const long_run& known = long_runs_[worker];
  if (known.run >= seen.first_run && known.run <= seen.last_run) return &known.context;
  if (seen.first_run != seen.last_run) return nullptr;  // It may be any of them.
  other_.function = seen.function;
  other_.request.clear();
  if (seen.request != 0 && scheduler_.options_.name_request) {
    other_.request = scheduler_.options_.name_request(seen.request);
  }
  return &other_;
}

}  // namespace tacit::sched
