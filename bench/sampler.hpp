#pragma once

#include <sys/types.h>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/endpoint.hpp"

namespace tacit::bench {

/// What the kernel knows about a process at one moment. Counters run from the start of the process;
/// two samples are subtracted. Where a field says "living", threads that ended have taken their
/// share with them.
struct process_sample {
  std::int64_t at_ns = 0;
  std::int64_t cpu_ns = 0;                 ///< User and system, ended threads included.
  std::int64_t run_delay_ns = 0;           ///< Ready to run and waiting for a CPU; living threads.
  std::uint64_t voluntary_switches = 0;    ///< Living threads.
  std::uint64_t involuntary_switches = 0;  ///< Living threads.
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t rss_bytes = 0;
  std::uint64_t rss_peak_bytes = 0;
  unsigned threads = 0;
};

/// Reads `/proc` for a process. nullopt when it is not there or cannot be read.
[[nodiscard]] std::optional<process_sample> sample_process(pid_t pid);

/// The counters of `after` less those of `before`; levels (RSS, threads) are those of `after`.
[[nodiscard]] process_sample operator-(const process_sample& after, const process_sample& before);

/// The CPU that both this thread and the process may use, where neither may use another one.
[[nodiscard]] std::optional<int> shared_cpu(pid_t with);

/// What a server says about itself at /debug/runtime: Tacit does, and the contenders in Go.
struct runtime_sample {
  pid_t pid = 0;
  std::string mode;    ///< "coroutine", "thread"; "goroutine" of Go.
  std::string memory;  ///< "arena", "heap"; "collected" of Go.
  std::optional<std::int64_t> requests;
  std::int64_t allocations = 0;
  std::int64_t allocated_bytes = 0;
  std::optional<std::int64_t> tasks;        ///< Coroutines or goroutines that live now.
  std::optional<std::int64_t> steals;       ///< Tasks and polls that one worker took from another.
  std::optional<std::int64_t> collections;  ///< Of garbage.
  std::optional<std::int64_t> wait_ns;      ///< Goroutines that were ready and did not run, summed.
};

/// Asks `from` for /debug/runtime. nullopt when the answer is not such JSON.
[[nodiscard]] std::optional<runtime_sample> sample_runtime(const endpoint& from,
                                                           const std::string& authority);

/// What the target had taken by a moment, and what it held.
struct target_moment {
  std::int64_t at_ns = 0;  ///< Monotonic.
  std::int64_t cpu_ns = 0;
  std::uint64_t rss_bytes = 0;
};

/// Watches a process, every 100 ms on a thread of its own: the peaks of its levels, and what it
/// took by when.
///
/// Memory:   bounded: when there are many moments every other one goes, and they come half as
/// often.
class peak_watch {
 public:
  explicit peak_watch(pid_t pid);

  /// Stops watching. The peaks are those seen until then.
  void stop();
  [[nodiscard]] std::uint64_t rss_bytes() const noexcept { return rss_bytes_; }
  [[nodiscard]] unsigned threads() const noexcept { return threads_; }
  /// To be called after stop().
  [[nodiscard]] const std::vector<target_moment>& moments() const noexcept { return moments_; }

 private:
  void look();
  void note(std::uint64_t rss);

  static constexpr std::size_t moments_max = 2'048;

  const pid_t pid_;
  std::atomic<std::uint64_t> rss_bytes_{0};
  std::atomic<unsigned> threads_{0};
  std::vector<target_moment> moments_;  // of the thread until it has stopped
  unsigned looks_per_moment_ = 1;
  unsigned looks_ = 0;
  std::jthread thread_;  // last: it uses the rest
};

/// What one measured phase cost the target and the harness.
struct cost {
  std::optional<process_sample> server;  ///< Absent when no process of the target is known.
  std::uint64_t server_rss_peak_bytes = 0;
  unsigned server_threads_peak = 0;
  std::optional<runtime_sample>
      runtime;  ///< Differences, but of levels; absent where it says nothing.
  process_sample harness;
  std::vector<target_moment> over_time = {};  ///< Empty when no process of the target is known.
};

/// Takes the samples around a phase. start() right before it, finish() right after it and before
/// connections are closed.
///
/// Asking for /debug/runtime is itself a request: start() asks twice, and the difference between
/// the two is what one asking costs, which finish() subtracts.
class sampler {
 public:
  /// Samples `pid`, or where it is 0 the process that /debug/runtime of a loopback target names.
  /// Throws base::failure when `pid` is given and not there.
  sampler(const endpoint& target, std::string authority, pid_t pid);

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  void start();
  [[nodiscard]] cost finish();

 private:
  const endpoint& target_;
  const std::string authority_;
  pid_t pid_;
  bool has_runtime_ = false;
  std::optional<runtime_sample> runtime_before_;
  runtime_sample asking_;  // what one asking costs
  std::optional<process_sample> server_before_;
  process_sample harness_before_;
  std::optional<peak_watch> peaks_;
};

}  // namespace tacit::bench
