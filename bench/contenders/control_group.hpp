#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tacit::bench::contenders {

/// Where groups with a bound on memory, and on CPU, can be made on this machine.
struct group_place {
  int version = 2;               ///< Of the kernel's interface: 1 or 2.
  std::filesystem::path memory;  ///< The folder to make groups of memory in,
  std::filesystem::path cpu;     ///< and those of CPU: the same with version 2. Empty: none.
};

/// The places, from /proc/self/mountinfo and /proc/self/cgroup: this process's own groups first,
/// then those above, since one that has processes may not hand version 2's controllers down;
/// version 1 before 2. Whether a group may be made there is not asked. `root`: where /proc and /sys
/// are; for tests.
[[nodiscard]] std::vector<group_place> group_places(const std::filesystem::path& root = "/");

/// What the processes of a group may take together. Absent: no bound of its own.
struct group_budget {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<double> cpus = {};
};

/// A group of processes whose memory the kernel counts, and bounds. A program enters it before its
/// exec, so that all of its memory counts.
///
/// It is removed by the destructor; what is still in it is killed then. The groups within it are
/// gone by then.
class control_group {
 public:
  /// In the first place that permits it. Removes there what a killed harness has left behind.
  /// Throws base::failure that says where it could not be made, and why.
  explicit control_group(const group_budget& budget);

  /// In this place. Throws base::failure that says what is not permitted.
  control_group(const group_place& at, const std::string& name, const group_budget& budget);
  ~control_group();
  control_group(const control_group&) = delete;
  control_group& operator=(const control_group&) = delete;

  /// Where groups within this one are made.
  [[nodiscard]] const group_place& within() const noexcept { return self_; }

  /// The files that take a process into the group when it writes "0" to them.
  [[nodiscard]] std::vector<std::filesystem::path> entrances() const;

  /// Gives it another bound on memory. Throws base::failure, also if more is in use and cannot go.
  void bound_memory(std::uint64_t bytes) const;

  /// Takes the bound on memory away: who is to end must not wait for memory first.
  void lift_memory_bound() const;

  /// What counts against the bound now: pages of processes, of files, and of the kernel for them.
  [[nodiscard]] std::uint64_t charged_bytes() const;

  /// The most that counted at once; 0: the kernel does not say.
  [[nodiscard]] std::uint64_t peak_bytes() const;

  /// How many of its processes the kernel has killed because of the bound.
  [[nodiscard]] std::uint64_t kills() const;

 private:
  void create(const group_place& at, const std::string& name, const group_budget& budget);
  void remove() const noexcept;

  group_place self_;
};

}  // namespace tacit::bench::contenders
