#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tacit::bench::contenders {

/// Where groups with a bound on memory and CPU are made on this machine.
struct group_place {
  int version = 2;               ///< Of the kernel's interface: 1 or 2.
  std::filesystem::path memory;  ///< The folder to make groups of memory in,
  std::filesystem::path cpu;     ///< and those of CPU; the same with version 2.
};

/// Finds the place: below this process's own group with version 1, at the root of the mount with
/// version 2, where a group that has processes may have no bounded groups. Throws base::failure
/// where there is none. `root`: where /proc and /sys are; for tests.
[[nodiscard]] group_place find_group_place(const std::filesystem::path& root = "/");

/// What the processes of a group may take together. Absent: no bound of its own.
struct group_budget {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<double> cpus;
};

/// A group of processes whose memory the kernel counts, and bounds.
///
/// Lifetime: its processes have ended before it goes, and the groups within it are gone.
class control_group {
 public:
  /// Throws base::failure, which says what is not permitted.
  control_group(const group_place& at, const std::string& name, const group_budget& budget);
  ~control_group();
  control_group(const control_group&) = delete;
  control_group& operator=(const control_group&) = delete;

  /// Where groups within this one are made.
  [[nodiscard]] const group_place& within() const noexcept { return self_; }

  /// The files that take a process into the group when it writes "0" to them.
  [[nodiscard]] std::vector<std::filesystem::path> entrances() const;

  /// What counts against the bound now: pages of processes, of files, and of the kernel for them.
  [[nodiscard]] std::uint64_t charged_bytes() const;

 private:
  void create(const group_budget& budget);
  void remove() noexcept;

  group_place self_;
};

}  // namespace tacit::bench::contenders
