#pragma once

#include <sys/types.h>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/connections.hpp"

namespace tacit::bench {

/// How the target is driven.
struct driver_settings {
  unsigned connections = 1;
  unsigned pipeline = 1;
  unsigned threads = 1;
  connection_policy policy = {};
  share part = {};  ///< Of the schedule, where several processes drive one target.
};

/// What a phase produced, all threads together.
struct phase_result {
  recorder recorded;
  std::int64_t start_ns = 0;  ///< Monotonic time of the schedule's zero.
  double start_unix_s = 0;    ///< The same moment on the wall clock.
  std::int64_t end_ns = 0;    ///< When the last thread was done.

  /// From the start to the last answer.
  [[nodiscard]] double elapsed_s() const noexcept;
  [[nodiscard]] double rate_per_s() const noexcept;
};

/// Drives a target with one or several threads, each with its fixed share of the connections and of
/// the one schedule. Connections stay open from phase to phase.
///
/// Threads:  from one thread; `stop` may be set from anywhere and ends a phase early.
class driver {
 public:
  /// Opens the connections. Throws base::failure when a thread's share cannot be opened at all.
  driver(const endpoint& target, const driver_settings& settings, std::int64_t timeout_ns,
         const std::atomic<bool>& stop);

  [[nodiscard]] unsigned open_count() const noexcept;
  /// Whether it sends all of the schedule.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  /// Why not all of the connections could be opened; empty when they were.
  [[nodiscard]] std::string open_failure() const;
  [[nodiscard]] unsigned threads() const noexcept { return static_cast<unsigned>(parts_.size()); }

  /// Carries out one phase and returns when everything that was due is answered or given up.
  [[nodiscard]] phase_result run(const load& phase);

 private:
  std::vector<std::unique_ptr<connections>> parts_;
  bool is_whole_;
};

}  // namespace tacit::bench
