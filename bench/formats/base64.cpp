#include "bench/formats/base64.hpp"

#include <array>
#include <cstdint>

#include <tacit/observe/histogram_log.hpp>

namespace tacit::bench::formats {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int, 256> values = [] {
  std::array<int, 256> out{};
  out.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
  return out;
}();

}  // namespace

std::string to_base64(std::string_view bytes) {
  return observe::to_base64(bytes);
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_padding = at >= text.size() - padding;
    const int value = is_padding ? 0 : values[static_cast<unsigned char>(text[at])];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (at % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8)
      out += static_cast<char>(bits >> shift & 0xff);
  }
  out.resize(out.size() - padding);
  return out;
}

}  // namespace tacit::bench::formats
