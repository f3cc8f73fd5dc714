#include "server/pattern_source.hpp"

#include <algorithm>

namespace tacit::server {
namespace {

constexpr std::size_t line_bytes = 64;

}  // namespace

pattern_source::pattern_source() : block_(std::make_unique_for_overwrite<char[]>(block_bytes)) {}

std::string_view pattern_source::slice(std::uint64_t offset,
                                       std::uint64_t bytes_max) const noexcept {
  std::call_once(is_written_, [block = block_.get()] {
    for (std::size_t i = 0; i < block_bytes; ++i) {
      const bool ends_line = i % line_bytes == line_bytes - 1;
      block[i] = ends_line ? '\n' : static_cast<char>('a' + (i / line_bytes + i) % 26);
    }
  });
  const std::size_t start = offset % block_bytes;
  return {block_.get() + start, std::min<std::uint64_t>(bytes_max, block_bytes - start)};
}

}  // namespace tacit::server
