#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tacit/memory/frame_note.hpp>

/// Which frames share slabs. A block is a note and its frame; its size is a multiple of a cache
/// line.
namespace tacit::memory {

inline constexpr std::size_t line_bytes = 64;

/// Steps of one line up to 1 KiB, then a quarter of the power of two: at most a fifth is lost.
inline constexpr std::array<std::uint16_t, 23> block_sizes{
    128, 192, 256,  320,  384,  448,  512,  576,  640,  704,  768, 832,
    896, 960, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096};
inline constexpr std::size_t size_classes = block_sizes.size();

/// What the largest class has room for.
inline constexpr std::size_t largest_frame_bytes = block_sizes.back() - sizeof(frame_note);

namespace detail {

constexpr auto classes_by_lines() {
  std::array<std::uint8_t, block_sizes.back() / line_bytes + 1> table{};
  std::uint8_t at = 0;
  for (std::size_t lines = 0; lines < table.size(); ++lines) {
    while (block_sizes[at] < lines * line_bytes)
      ++at;
    table[lines] = at;
  }
  return table;
}

inline constexpr auto class_by_lines = classes_by_lines();

}  // namespace detail

/// The class of frames of `bytes`, which are at most largest_frame_bytes.
[[nodiscard]] constexpr std::size_t class_of(std::size_t bytes) noexcept {
  return detail::class_by_lines[(bytes + sizeof(frame_note) + line_bytes - 1) / line_bytes];
}

}  // namespace tacit::memory
