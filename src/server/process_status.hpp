#pragma once

#include <cstdint>

namespace tacit::server {

/// What the kernel says of this process.
struct process_status {
  std::uint64_t rss_bytes = 0;
  std::uint32_t threads = 0;
};

/// Reads /proc/self; zeros where it cannot be read.
[[nodiscard]] process_status read_process_status();

}  // namespace tacit::server
