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

/// Reads the memory limits again and again, for those who follow a change while the process runs,
/// and what is charged against the one that counts.
///
/// A container's limit is one of cgroup v1 (memory.limit_in_bytes) or v2 (memory.max), and each
/// group above bounds it further, so the smallest of all counts. What is missing, unreadable or
/// makes no sense bounds nothing.
///
/// Threads: one at a time. Errors: bad_alloc only.
class memory_limit_watch {
 public:
  explicit memory_limit_watch(base::cgroup_finder groups = {});

  /// Reads again, and says whether the limit is another one than before. Costs a few small reads in
  /// /proc and /sys, and no allocation as long as nothing has changed: for once a second.
  bool changed();

  /// What was found of control groups.
  [[nodiscard]] const base::cgroup_finder& groups() const noexcept { return finder_; }

  /// What was read last; nothing if there is no limit.
  [[nodiscard]] const std::optional<memory_limit>& current() const noexcept { return current_; }

  /// Everything that is charged to the group with the limit, its page cache included. nullopt
  /// without a limit. One small read, some microseconds.
  [[nodiscard]] std::optional<std::uint64_t> charged_bytes() const;

  /// What of it the kernel cannot take back by dropping pages of files: what counts when the limit
  /// comes near. nullopt without a limit. Two reads.
  [[nodiscard]] std::optional<std::uint64_t> used_bytes() const;

 private:
  // The files of one group. Kept, because to put a path together allocates.
  struct group {
    explicit group(const base::cgroup_folder& folder);

    std::filesystem::path limit;
    std::filesystem::path charged;
    std::filesystem::path statistics;
    int version;
  };

  void find_groups();
  bool read();

  base::cgroup_finder finder_;
  std::vector<group> groups_;
  std::optional<memory_limit> current_;
  std::size_t limiting_ = 0;  // Whose limit is the current one.
};

/// Resident memory of this process that is not of files: what there is to go by without a limit. As
/// `statm` says; 0 if that cannot be read. Allocates nothing.
[[nodiscard]] std::uint64_t resident_bytes(const std::filesystem::path& statm) noexcept;

}  // namespace tacit::memory
