#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tacit::base {

/// The folder of one control group.
struct cgroup_folder {
  std::filesystem::path path;
  int version = 2;  ///< Of the cgroup interface: 1 or 2. Their files have other names.
};

/// Finds the control groups whose limits hold for this process.
///
/// /proc/self/cgroup names the process's group in each hierarchy, /proc/self/mountinfo says where a
/// hierarchy is mounted, and which group its root is. In a container the two need not fit: the name
/// may be seen from outside of what is mounted. Then the mount's root is the nearest group that can
/// be read, and it is the container's own.
///
/// Threads: one at a time. Errors: bad_alloc only; what is missing or makes no sense is no group.
class cgroup_finder {
 public:
  /// `root` is where /proc and the cgroup file systems are looked for. Reads two files in /proc,
  /// which is a tenth of what a server's start takes: who needs several watches copies one of
  /// these.
  cgroup_finder(std::filesystem::path root = "/");  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }

  /// Whether the process is in another group than at the last call, or at the construction. One
  /// small read in /proc as long as it is not; after true the folders are to be asked for anew.
  bool moved();

  /// The group of the process in the hierarchy of `controller` ("cpu", "memory"), and each one
  /// above it that can be seen, the outermost first: v1's, then v2's.
  [[nodiscard]] std::vector<cgroup_folder> folders_of(std::string_view controller) const;

 private:
  std::filesystem::path root_;
  std::filesystem::path membership_file_;
  std::string membership_;  // /proc/self/cgroup
  std::string mountinfo_;   // /proc/self/mountinfo
};

/// What a small file holds, as much of it as `buffer` takes; empty if it cannot be read. Allocates
/// nothing.
[[nodiscard]] std::string_view read_small_file(const std::filesystem::path& file,
                                               std::span<char> buffer) noexcept;

/// Its first line, without the end of the line; no more than `buffer` takes.
[[nodiscard]] std::string_view read_first_line(const std::filesystem::path& file,
                                               std::span<char> buffer) noexcept;

/// What a small file holds; empty if it cannot be read.
[[nodiscard]] std::string read_small_file(const std::filesystem::path& file);

/// Takes the next word off a text, with the separator behind it. As lines are read: nothing is
/// behind a separator at the end.
std::string_view take_word(std::string_view& text, char separator) noexcept;

/// The number behind `name` in a text whose lines read `name number`; nullopt without such a line.
[[nodiscard]] std::optional<std::int64_t> number_behind(std::string_view text,
                                                        std::string_view name) noexcept;

/// The whole text as a number; nullopt if it is none.
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view text) noexcept;

}  // namespace tacit::base
