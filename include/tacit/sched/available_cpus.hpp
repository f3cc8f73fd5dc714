#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tacit::sched {

/// How many CPUs this process may keep busy, and what says so.
struct cpu_limit {
  std::uint32_t cpus = 1;                ///< At least 1. Fractions of a quota are rounded down.
  std::string source = "affinity mask";  ///< Or the file with the quota that is the tightest.
};

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
  /// `root` is where /proc and the cgroup file systems are looked for.
  explicit cpu_quota_watch(std::filesystem::path root = "/");

  /// Reads again, and says whether the number of CPUs is another one than before. `affinity` is the
  /// bound that the affinity mask sets. Costs a few small reads in /proc and /sys: for once a
  /// second, not for every request.
  bool changed(std::uint32_t affinity = affinity_cpus());

  /// What was read last.
  [[nodiscard]] const cpu_limit& current() const noexcept { return current_; }

 private:
  [[nodiscard]] cpu_limit read(std::uint32_t affinity) const;
  void find_files();

  std::filesystem::path root_;
  std::string membership_;                       // /proc/self/cgroup as of the last find_files().
  std::vector<std::filesystem::path> files_v1_;  // Each cpu.cfs_quota_us that may bound us.
  std::vector<std::filesystem::path> files_v2_;  // Each cpu.max.
  cpu_limit current_;
};

}  // namespace tacit::sched
