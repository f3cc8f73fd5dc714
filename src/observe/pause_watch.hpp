#pragma once

// A thread's own look at its pauses.
//
// The thread says when a stretch of one kind ends. While stretches are short this costs a
// comparison with a clock that was read anyway. Only when one took too long, the kernel is asked
// what happened to the thread: its faults, how often a CPU was taken from it, how long it waited
// for one. These counters only grow, so they have to be known from before the stretch: they are
// read every 2 ms as well (10 ms, for a thread of a connection). What of them belongs to the 2 ms
// before is small, or it would have been a stretch of its own.
//
// Waiting for a CPU after waking up is seen by nobody while the thread sleeps, and may be any
// length. The next reading of the counters finds it: it is due at once, because more than 2 ms have
// passed, or else it finds it among at most 2 ms of ordinary wake-ups.

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include <tacit/base/clock.hpp>

#include "observe/pause_track.hpp"

namespace tacit::observe {

class pause_watch {
 public:
  using steady_time = base::steady_time;
  using nanoseconds = std::chrono::nanoseconds;

  pause_watch() = default;
  pause_watch(const pause_watch&) = delete;
  pause_watch& operator=(const pause_watch&) = delete;
  ~pause_watch() { close(); }

  /// Whose time it is.
  enum class owner : std::uint8_t {
    worker,      ///< Of a few: it keeps a file open, to be quick.
    connection,  ///< Of maybe thousands: it keeps none, and looks less often.
  };

  /// Begins to watch the calling thread, for `into`. All else is by this thread, but for begun()
  /// and last_long().
  void open(pause_track& into, owner whose);
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return track_ != nullptr; }

  /// What runs a thread's coroutines says so when a stretch of runs is over: the count of runs and
  /// what the last one was.
  struct run_place {
    std::uint64_t run = 0;
    base::source_place function;
    std::uint64_t request = 0;
  };
  template <class PlaceOf>
  void end_runs(steady_time now, std::uint64_t run, nanoseconds expected,
                PlaceOf place_of) noexcept {
    if (now - since_ >= bound_) [[unlikely]]
      note_runs(now, expected, place_of());
    begin(now, run);
  }

  /// So many completions were taken, or timers expired.
  void end_poll(steady_time now, std::size_t completions) noexcept {
    if (now - since_ >= own_bound_) [[unlikely]]
      note_poll(now, completions);
    begin(now);
    if (now - counted_at_ >= counting_interval_) [[unlikely]]
      count_again(now);
  }

  /// The thread has slept, was to wake up at `due` at the latest, and took so many completions.
  void end_wait(steady_time now, std::optional<steady_time> due, std::size_t completions) noexcept {
    // What it was called for before it slept, it had not heard yet: it was busy, not late.
    if (due && *due >= since_ && now - *due >= bound_) [[unlikely]]
      note_wake_up(now, *due, completions);
    begin(now);
    ++waits_;
    if (now - counted_at_ >= counting_interval_) [[unlikely]]
      count_again(now);
  }

  /// Somebody knows what the time from `from` to `to` went into.
  void charge(pause_cause cause, steady_time from, steady_time to) noexcept;

  /// When the current stretch began, for any thread.
  [[nodiscard]] steady_time begun() const noexcept {
    return steady_time(steady_time::duration(begun_.load(base::memory_order_relaxed)));
  }

  /// The last stretch of any kind that was longer than a stop of the process may be short.
  struct stretch_times {
    steady_time begin{}, end{};
  };
  static constexpr nanoseconds long_stretch{4'000'000};
  [[nodiscard]] stretch_times last_long() const noexcept {
    const auto time = [](const auto& of) {
      return steady_time(steady_time::duration(of.load(base::memory_order_acquire)));
    };
    return {time(long_begun_), time(long_ended_)};
  }

  /// Null for a thread that nobody watches.
  [[nodiscard]] static pause_watch* of_this_thread() noexcept;

 private:
  struct kernel_counters {
    std::uint64_t run_delay_ns = 0;
    std::uint64_t timeslices = 0;
    long preemptions = 0;
    long blocks = 0;
    nanoseconds used{0};  // CPU. The kernel leaves out what a hypervisor took.
    long minor_faults = 0;
    long major_faults = 0;
  };

  // Stretches of runs are kept below a quarter of it, unless one is longer.
  static constexpr nanoseconds stretch_bound{100'000};
  static constexpr nanoseconds own_stretch_bound{20'000};

  void begin(steady_time now) noexcept {
    since_ = now;
    charged_before_ = charged_;
    begun_.store(now.time_since_epoch().count(), base::memory_order_relaxed);
  }
  void begin(steady_time now, std::uint64_t run) noexcept {
    begin(now);
    run_ = run;
  }

  void note_runs(steady_time now, nanoseconds expected, const run_place& last) noexcept;
  void note_poll(steady_time now, std::size_t completions) noexcept;
  void note_wake_up(steady_time now, steady_time due, std::size_t completions) noexcept;
  void count_again(steady_time now) noexcept;
  void counted(const kernel_counters& counters, steady_time now) noexcept;
  void finish(held_stretch& seen, steady_time now) noexcept;
  [[nodiscard]] kernel_counters read_counters() const noexcept;
  [[nodiscard]] nanoseconds stolen_from(const held_stretch& seen,
                                        const kernel_counters& now) const noexcept;
  [[nodiscard]] ssize_t read_schedstat(std::span<char> into) const noexcept;

  pause_track* track_ = nullptr;
  owner whose_ = owner::worker;
  int schedstat_ = -1;
  nanoseconds counting_interval_{0};
  steady_time since_{};
  nanoseconds bound_ = nanoseconds::max();  // So that nothing is seen while it is not open.
  nanoseconds own_bound_ = nanoseconds::max();
  nanoseconds charged_{0};
  nanoseconds charged_before_{0};  // When the current stretch began.
  std::uint64_t run_ = 0;
  kernel_counters counted_;
  long waits_ = 0;  // Since then, each of which may have blocked.
  steady_time counted_at_ = steady_time::max();
  base::atomic<steady_time::rep> begun_{0};
  base::atomic<steady_time::rep> long_begun_{0};
  base::atomic<steady_time::rep> long_ended_{0};
};

}  // namespace tacit::observe
