#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tacit::bench::contenders {

/// A cgroup of its own for one contender, with a limit of memory: version 1 where its memory
/// controller is mounted, else version 2. A program enters it by writing to procs() before exec, so
/// that all of its memory counts.
///
/// It is removed by the destructor; what is still in it is killed then. One that a killed harness
/// has left behind is removed by the next.
class memory_group {
 public:
  /// Throws base::failure that says where a group could not be made, and why.
  explicit memory_group(std::uint64_t bytes_max);
  ~memory_group();
  memory_group(const memory_group&) = delete;
  memory_group& operator=(const memory_group&) = delete;

  /// What a process writes "0" to, to enter.
  [[nodiscard]] std::filesystem::path procs() const { return path_ / "cgroup.procs"; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// The most memory that it had at once; 0: the kernel does not say.
  [[nodiscard]] std::uint64_t peak_bytes() const;

  /// How many of its processes the kernel has killed because of the limit.
  [[nodiscard]] std::uint64_t kills() const;

 private:
  std::filesystem::path path_;
  bool is_v1_ = false;
};

/// A folder below which this process may make groups that limit memory.
struct group_parent {
  std::filesystem::path path;
  bool is_v1 = false;
};

/// Where that is, from /proc/self/mountinfo and /proc/self/cgroup as given. Own groups come first,
/// then those above, since one that has processes in it may not hand version 2's controllers down.
[[nodiscard]] std::vector<group_parent> group_parents(const std::string& mounts,
                                                      const std::string& own);

}  // namespace tacit::bench::contenders
