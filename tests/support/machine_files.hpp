#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "support/temporary_folder.hpp"

namespace tacit::support {

/// A machine's /proc and /sys, as far as limits go, in a folder of its own.
class machine_files {
 public:
  static constexpr std::string_view v2_mount =
      "31 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  static constexpr std::string_view v1_memory_mount =
      "22 18 8:1 / / rw - ext4 /dev/sda rw\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:17 - cgroup cgroup rw,memory\n";

  machine_files& membership(std::string_view lines) { return file("proc/self/cgroup", lines); }
  machine_files& mounts(std::string_view lines) { return file("proc/self/mountinfo", lines); }

  machine_files& file(const std::string& name, std::string_view content) {
    std::filesystem::create_directories((root() / name).parent_path());
    static_cast<void>(root_.write(name, content));
    return *this;
  }

  [[nodiscard]] const std::filesystem::path& root() const { return root_.path(); }

 private:
  temporary_folder root_;
};

}  // namespace tacit::support
