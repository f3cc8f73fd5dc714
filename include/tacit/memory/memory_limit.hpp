#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tacit/base/cgroup.hpp>

namespace tacit::memory {

/// How much memory the kernel lets this process and its neighbours have, and what says so.
struct memory_limit {
  std::uint64_t bytes = 0;
  std::string file;
  int cgroup_version = 2;

  friend bool operator==(const memory_limit&, const memory_limit&) = default;
};

/// What the limits leave to the group that this process is in.
struct memory_share {
  std::uint64_t used_bytes = 0;  ///< Charged to the group, without what the kernel can take back
                                 ///< by dropping pages of files.
  std::uint64_t bytes = 0;       ///< What it may use, by the limit that leaves least.
  std::uint64_t neighbours_bytes = 0;  ///< What of that limit others use, or may soon.
  std::string_view file = {};          ///< With that limit. Valid until changed() is called.
};

/// Reads the memory limits again and again, for those who follow a change while the process runs,
/// and what is used of them.
///
/// A container's limit is one of cgroup v1 (memory.limit_in_bytes) or v2 (memory.max), and each
/// group above bounds it further. What is missing, unreadable or makes no sense bounds nothing.
///
/// The limit of a group above is shared: what other groups in it use is not there for this one, and
/// is no reason for this one to do with less than what is left. As much as they use counts again,
/// up to a 32nd of the limit, for what they take before it is read anew.
///
/// Threads: one at a time. Errors: bad_alloc only.
class memory_limit_watch {
 public:
  explicit memory_limit_watch(base::cgroup_finder groups = {});

  /// Reads the limits again, and says whether one is another than before. Costs a few small reads
  /// in /proc and /sys, and no allocation as long as nothing has changed: for once a second.
  bool changed();

  /// What was found of control groups.
  [[nodiscard]] const base::cgroup_finder& groups() const noexcept { return finder_; }

  /// The tightest limit by the last reading; nothing if there is none.
  [[nodiscard]] const std::optional<memory_limit>& current() const noexcept { return current_; }

  /// Reads what is used. nullopt without a limit. A read of some microseconds; two if more than
  /// `exact_from` bytes are charged, and two for each limit of a group above.
  [[nodiscard]] std::optional<memory_share> share(std::uint64_t exact_from = 0) const;

 private:
  // The files of one group. Kept, because to put a path together allocates.
  struct group {
    explicit group(const base::cgroup_folder& folder);

    [[nodiscard]] std::optional<std::uint64_t> used_bytes(std::uint64_t exact_from) const;

    std::filesystem::path limit;
    std::filesystem::path charged;
    std::filesystem::path statistics;
    int version;
    std::optional<std::uint64_t> limit_bytes = {};
  };

  void find_groups();
  bool read();
  [[nodiscard]] const group& own(int version) const noexcept;

  base::cgroup_finder finder_;
  std::vector<group> groups_;
  std::optional<memory_limit> current_;
};

/// Resident memory of this process that is not of files: what there is to go by without a limit. As
/// `statm` says; 0 if that cannot be read. Allocates nothing.
[[nodiscard]] std::uint64_t resident_bytes(const std::filesystem::path& statm) noexcept;

}  // namespace tacit::memory
