#include "server/pattern_source.hpp"

#include <algorithm>

namespace tacit::server {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;
constexpr std::size_t line_bytes = 64;

}  // namespace

pattern_source::pattern_source() {
  block_.reserve(block_bytes);
  for (std::size_t i = 0; i < block_bytes; ++i) {
    const bool ends_line = i % line_bytes == line_bytes - 1;
    block_.push_back(ends_line ? '\n' : static_cast<char>('a' + (i / line_bytes + i) % 26));
  }
}

std::string_view pattern_source::slice(std::uint64_t offset,
                                       std::uint64_t bytes_max) const noexcept {
  const std::size_t start = offset % block_.size();
  return {block_.data() + start, std::min<std::uint64_t>(bytes_max, block_.size() - start)};
}

}  // namespace tacit::server
