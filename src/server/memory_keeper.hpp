#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/http/service.hpp>
#include <tacit/memory/memory_budget.hpp>
#include <tacit/memory/memory_limit.hpp>
#include <tacit/memory/reclaimer.hpp>
#include <tacit/server/options.hpp>

#include "http/connection_set.hpp"

namespace tacit::server {

/// Keeps the server within the memory that it may use: reads how much that is and how much is used,
/// gives idle memory back to the kernel, and under pressure closes connections that wait.
///
/// Until begin() it knows only what the settings say: so a server's first connections need not wait
/// until some ten files of the kernel's are read.
///
/// Threads:  begin(), then keep() by one at a time; what is const from any.
/// Lifetime: the others outlive it.
class memory_keeper {
 public:
  memory_keeper(const options& settings, memory::memory_budget& budget,
                const http::service& service, http::connection_set& connections);

  /// Finds the limits, and how much is used. Once, before the first keep().
  void begin(base::cgroup_finder groups = {});

  /// Does what is due. `is_quiet` says that nothing runs: then nothing grows, either. Returns when
  /// it is to be called again at the latest; while something runs, it may be called more often.
  base::steady_time keep(base::steady_time now, bool is_quiet);

  /// Whether there is pressure, or something was refused for lack of memory within the second
  /// before `now`.
  [[nodiscard]] bool is_short(base::steady_time now) const noexcept;

  /// Whether it was so when keep() looked last, and the log says so: then the server is no good
  /// address for new work.
  [[nodiscard]] bool is_refusing() const noexcept {
    return is_episode_.load(base::memory_order_relaxed);
  }

  /// What begin() has found of control groups.
  [[nodiscard]] const base::cgroup_finder& groups() const noexcept { return limit_->groups(); }

  /// Where the budget comes from: a file of the cgroup, or "memory_budget_bytes"; empty without.
  [[nodiscard]] std::string budget_source() const;

  /// What other control groups have of the limit that the budget comes from, and may soon take; the
  /// budget is without it.
  [[nodiscard]] std::uint64_t neighbours_bytes() const noexcept {
    return neighbours_bytes_.load(base::memory_order_relaxed);
  }

 private:
  void set_budget(const std::optional<memory::memory_share>& share);
  [[nodiscard]] bool is_due(base::steady_time now, bool is_quiet);
  void read();
  void look_for_refusals(base::steady_time now);
  void tell(base::steady_time now);

  const std::uint64_t asked_bytes_;
  const bool reclaims_;
  memory::memory_budget& budget_;
  const http::service& service_;
  http::connection_set& connections_;
  std::optional<memory::memory_limit_watch> limit_;  // From begin() on, as is the next.
  std::filesystem::path statm_;
  memory::reclaimer reclaimer_;
  base::steady_time next_limit_look_{};
  base::steady_time next_reading_{};

  std::uint64_t shed_seen_ = 0;
  base::atomic<base::steady_time::rep> shed_at_{0};  // When the last refusal was seen.

  // Of the present episode in which memory is short.
  base::atomic<bool> is_episode_{false};
  base::steady_time began_{};
  std::uint64_t most_used_ = 0;
  std::uint64_t shed_told_ = 0;

  base::atomic<std::uint64_t> neighbours_bytes_{0};
  mutable base::mutex mutex_;
  std::string source_;  // Guarded by mutex_.
};

}  // namespace tacit::server
