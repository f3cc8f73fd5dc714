#include "observe/pause_watch.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include <tacit/memory/accounting.hpp>

namespace tacit::observe {
namespace {

constinit thread_local pause_watch* current = nullptr;

// What a completion may take in a poll: it is an operation that is carried out there, as the
// receiving of a block.
constexpr std::chrono::nanoseconds per_completion{10'000};

// What waking up costs a thread when there is a CPU for it.
constexpr std::chrono::nanoseconds ordinary_run_delay{20'000};

int open_schedstat() noexcept {
  return ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

}  // namespace

pause_watch* pause_watch::of_this_thread() noexcept {
  return current;
}

void pause_watch::open(pause_track& into, owner whose) {
  into.open();
  whose_ = whose;
  counting_interval_ =
      whose == owner::worker ? std::chrono::milliseconds(2) : std::chrono::milliseconds(10);
  // Kept open: reading it costs less than a microsecond then. Without it, nothing is scheduled_out.
  if (whose == owner::worker) schedstat_ = open_schedstat();
  track_ = &into;
  bound_ = stretch_bound;
  own_bound_ = own_stretch_bound;
  counted_ = read_counters();
  counted_at_ = std::chrono::steady_clock::now();
  begin(counted_at_);
  current = this;
  memory::watch_allocations([](steady_time from, steady_time to) noexcept {
    note_pause(pause_cause::allocator, from, to);
  });
}

void pause_watch::close() noexcept {
  if (!track_) return;
  if (current == this) current = nullptr;
  if (schedstat_ >= 0) ::close(schedstat_);
  track_ = nullptr;
}

pause_watch::kernel_counters pause_watch::read_counters() const noexcept {
  kernel_counters out;
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  timespec cpu{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  out.used = std::chrono::seconds(cpu.tv_sec) + nanoseconds(cpu.tv_nsec);
  out.preemptions = used.ru_nivcsw;
  out.blocks = used.ru_nvcsw;
  out.minor_faults = used.ru_minflt;
  out.major_faults = used.ru_majflt;
  std::array<char, 80> text{};  // "cpu_ns run_delay_ns timeslices"
  if (read_schedstat(std::span(text).first(text.size() - 1)) <= 0) return out;
  char* at = text.data();
  static_cast<void>(std::strtoull(at, &at, 10));
  out.run_delay_ns = std::strtoull(at, &at, 10);
  out.timeslices = std::strtoull(at, &at, 10);
  return out;
}

ssize_t pause_watch::read_schedstat(std::span<char> into) const noexcept {
  if (whose_ == owner::worker) return ::pread(schedstat_, into.data(), into.size(), 0);
  const int file = open_schedstat();
  if (file < 0) return -1;
  const ssize_t bytes = ::read(file, into.data(), into.size());
  ::close(file);
  return bytes;
}

void pause_watch::note_runs(steady_time now, nanoseconds expected, const run_place& last) noexcept {
  held_stretch seen;
  seen.begin = since_;
  seen.what = held_stretch::kind::runs;
  seen.cause = pause_cause::handler;
  const std::uint64_t others = last.run > run_ + 1 ? last.run - run_ - 1 : 0;
  seen.expected = expected * static_cast<std::int64_t>(others);
  seen.charged = charged_ - charged_before_;
  seen.first_run = run_ + 1;
  seen.last_run = last.run;
  seen.function = last.function;
  seen.request = last.request;
  finish(seen, now);
}

void pause_watch::note_poll(steady_time now, std::size_t completions) noexcept {
  const nanoseconds expected = per_completion * static_cast<std::int64_t>(completions);
  if (now - since_ < own_bound_ + expected) return;
  held_stretch seen;
  seen.begin = since_;
  seen.what = held_stretch::kind::polls;
  seen.expected = expected;
  seen.charged = charged_ - charged_before_;
  finish(seen, now);
}

void pause_watch::note_wake_up(steady_time now, steady_time due, std::size_t completions) noexcept {
  const nanoseconds expected = per_completion * static_cast<std::int64_t>(completions);
  if (now - due < bound_ + expected) return;
  held_stretch seen;
  seen.expected = expected;
  seen.begin = due;
  seen.what = held_stretch::kind::wake_up;
  // It had been called: from then on it was the kernel's turn.
  seen.cause = pause_cause::scheduled_out;
  finish(seen, now);
}

void pause_watch::charge(pause_cause cause, steady_time from, steady_time to) noexcept {
  charged_ += to - from;
  held_stretch seen;
  seen.begin = from;
  seen.what = held_stretch::kind::charged;
  seen.cause = cause;
  finish(seen, to);
}

// In every stretch that is that long, because they have not been read for as long.
void pause_watch::counted(const kernel_counters& counters, steady_time now) noexcept {
  counted_ = counters;
  counted_at_ = now;
  waits_ = 0;
  if (now - since_ < long_stretch) return;
  long_begun_.store(since_.time_since_epoch().count(), base::memory_order_release);
  long_ended_.store(now.time_since_epoch().count(), base::memory_order_release);
}

// A thread that has neither blocked nor waited for a CPU has run, unless a hypervisor kept the CPU.
// As the CPU time from before the stretch counts as well, this is the least that was stolen. A poll
// does not block; code of others may, so there each wait could hide one.
pause_watch::nanoseconds pause_watch::stolen_from(const held_stretch& seen,
                                                  const kernel_counters& now) const noexcept {
  const long blocks = now.blocks - counted_.blocks;
  const bool may_have_blocked =
      seen.what == held_stretch::kind::polls ? blocks > waits_ : blocks != 0;
  if (may_have_blocked || seen.what == held_stretch::kind::wake_up) return nanoseconds(0);
  return std::max(nanoseconds(0), seen.length - (now.used - counted_.used));
}

void pause_watch::finish(held_stretch& seen, steady_time now) noexcept {
  seen.length = now - seen.begin;
  const kernel_counters counters = read_counters();
  seen.run_delay =
      nanoseconds(static_cast<std::int64_t>(counters.run_delay_ns - counted_.run_delay_ns));
  seen.stolen = stolen_from(seen, counters);
  seen.preempted = counters.preemptions != counted_.preemptions;
  seen.minor_faults = static_cast<std::uint32_t>(counters.minor_faults - counted_.minor_faults);
  seen.major_faults = static_cast<std::uint32_t>(counters.major_faults - counted_.major_faults);
  counted(counters, now);
  track_->push(seen);
}

void pause_watch::count_again(steady_time now) noexcept {
  const kernel_counters counters = read_counters();
  const auto slices = static_cast<std::int64_t>(counters.timeslices - counted_.timeslices);
  const nanoseconds waited(
      static_cast<std::int64_t>(counters.run_delay_ns - counted_.run_delay_ns));
  counted(counters, now);
  const nanoseconds late = waited - ordinary_run_delay * slices;
  if (late < pause_bound(pause_cause::scheduled_out)) return;
  held_stretch seen;
  seen.begin = now - late;
  seen.length = late;
  seen.what = held_stretch::kind::wake_up;
  seen.cause = pause_cause::scheduled_out;
  track_->push(seen);
}

}  // namespace tacit::observe
