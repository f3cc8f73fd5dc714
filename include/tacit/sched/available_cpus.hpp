#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tacit/base/cgroup.hpp>

namespace tacit::sched {

/// The share of CPU time that a control group may have.
struct cpu_quota {
  double cpus = 0;  ///< Seconds of CPU per second.
  std::string file;
  int cgroup_version = 2;
};

/// How many CPUs this process may keep busy, and what says so.
struct cpu_limit {
  std::uint32_t cpus = 1;                ///< At least 1. Fractions of a quota are rounded down.
  std::string source = "affinity mask";  ///< Or the file with the quota that decides it.
  std::uint32_t affinity = 1;            ///< What the affinity mask allows.
  std::optional<cpu_quota> quota = {};   ///< The tightest one, if there is any.
};

/// How the kernel has kept a control group within its quota: a group that has used it up does not
/// run until the next period.
struct cpu_throttling {
  std::uint64_t periods = 0;         ///< In which the group had something to run,
  std::uint64_t throttled = 0;       ///< and in which it was kept from running.
  std::chrono::nanoseconds time{0};  ///< For so long, added up over CPUs.
};

/// Of the group that has the quota, since it was made. nullopt where its `cpu.stat` cannot be read.
[[nodiscard]] std::optional<cpu_throttling> read_cpu_throttling(const cpu_quota& of);

/// CPUs that the calling thread may run on, at least 1.
[[nodiscard]] std::uint32_t affinity_cpus() noexcept;

/// The smaller of the affinity mask and the CPU quota of every cgroup that the process is in.
[[nodiscard]] cpu_limit read_cpu_limit();

/// As read_cpu_limit(), the number alone.
[[nodiscard]] std::uint32_t available_cpus();

/// Reads the CPU quotas again and again, for those who follow a change while the process runs.
///
/// A container's quota is one of cgroup v1 (cpu.cfs_quota_us) or v2 (cpu.max), and each cgroup
/// above bounds it further, so the smallest of all counts. What is missing, unreadable or makes no
/// sense bounds nothing: without a cgroup file system the affinity mask alone decides.
///
/// Threads: one at a time. Errors: bad_alloc only.
class cpu_quota_watch {
 public:
  explicit cpu_quota_watch(base::cgroup_finder groups = {});

  /// Reads again, and says whether the number of CPUs is another one than before. `affinity` is the
  /// bound that the affinity mask sets. Costs a few small reads in /proc and /sys, and no
  /// allocation as long as nothing has changed: for once a second, not for every request.
  bool changed(std::uint32_t affinity = affinity_cpus());

  /// What was read last.
  [[nodiscard]] const cpu_limit& current() const noexcept { return current_; }

 private:
  // The files of one group. Kept, because to put a path together allocates.
  struct group {
    explicit group(const base::cgroup_folder& folder);

    std::filesystem::path quota;
    std::filesystem::path period;  // v2 has it in the same line.
    int version;
  };

  void find_groups();
  void read(std::uint32_t affinity);

  base::cgroup_finder finder_;
  std::vector<group> groups_;
  cpu_limit current_;
};

}  // namespace tacit::sched
