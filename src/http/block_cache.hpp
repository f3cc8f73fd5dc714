#pragma once

#include <array>
#include <cstddef>

namespace tacit::http {

/// Keeps the blocks that a compressor gives back, for the next one of the same kind, which asks for
/// the same sizes.
///
/// Threads: one at a time.
class block_cache {
 public:
  block_cache() = default;
  ~block_cache();
  block_cache(const block_cache&) = delete;
  block_cache& operator=(const block_cache&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes) noexcept;
  void release(void* block) noexcept;

 private:
  struct alignas(std::max_align_t) header {
    std::size_t bytes;
  };
  static constexpr std::size_t kept_max = 24;
  static constexpr std::size_t kept_bytes_max = 4 << 20;

  std::array<header*, kept_max> kept_{};
  std::size_t kept_bytes_ = 0;
};

}  // namespace tacit::http
