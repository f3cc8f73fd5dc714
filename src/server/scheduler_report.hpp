#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include <tacit/sched/scheduler.hpp>

namespace tacit::server {

/// Sums over the workers, for /metrics.
struct scheduler_totals {
  std::uint64_t runs = 0;
  std::uint64_t steals = 0;
  std::uint64_t polls_stolen = 0;
  std::uint64_t parks = 0;
};
[[nodiscard]] scheduler_totals totals_of(const sched::scheduler& of) noexcept;

/// The counters of each worker: the part that /debug/runtime has, too.
[[nodiscard]] nlohmann::json describe_workers(const sched::scheduler& of);

/// The answer of /debug/scheduler, but for what belongs to the process.
[[nodiscard]] nlohmann::json describe_scheduler(sched::scheduler& of);

/// The process's coroutine frames.
[[nodiscard]] nlohmann::json describe_frames();

/// A stall as one line of the log, its stack cut to the innermost frames.
[[nodiscard]] std::string to_line(const sched::stall& seen);

}  // namespace tacit::server
