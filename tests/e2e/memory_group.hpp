#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

namespace tacit::e2e {

/// A control group of its own with a memory limit, below the one that the test is in.
///
/// What is started while an `inside` lives belongs to it. The group is removed with this object;
/// its processes must have ended by then.
class memory_group {
 public:
  /// Or why none can be had here: no cgroup file system, no rights.
  [[nodiscard]] static std::variant<std::unique_ptr<memory_group>, std::string> make(
      std::uint64_t limit_bytes);
  ~memory_group();
  memory_group(const memory_group&) = delete;
  memory_group& operator=(const memory_group&) = delete;

  /// The calling process is in the group while this lives, and back in its own afterwards.
  class inside {
   public:
    explicit inside(const memory_group& group);
    ~inside();
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;

   private:
    const memory_group& group_;
  };

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  /// The file with the limit, as the kernel calls it.
  [[nodiscard]] std::filesystem::path limit_file() const;
  [[nodiscard]] bool set_limit(std::uint64_t bytes) const;

  /// What its processes are charged now, by the kernel's count.
  [[nodiscard]] std::uint64_t charged_bytes() const;

 private:
  memory_group(std::filesystem::path home, std::filesystem::path folder, int version)
      : home_(std::move(home)), folder_(std::move(folder)), version_(version) {}

  const std::filesystem::path home_;
  const std::filesystem::path folder_;
  const int version_;
};

}  // namespace tacit::e2e
