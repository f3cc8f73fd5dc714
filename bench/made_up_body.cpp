#include "bench/made_up_body.hpp"

#include <algorithm>
#include <charconv>

#include "bench/schedule.hpp"

namespace tacit::bench {

std::string made_up_body(std::uint64_t seed, std::size_t bytes) {
  std::string out(bytes, ' ');
  std::uint64_t bits = 0;
  for (std::size_t at = 0; at < bytes; ++at) {
    if (at % 8 == 0) bits = mix(seed, at);
    const auto draw = static_cast<char>((bits >> (at % 8 * 8)) & 0x1f);
    if (draw < 26) out[at] = static_cast<char>('a' + draw);
  }
  return out;
}

std::size_t body_sizes::of(std::uint64_t line, std::uint64_t logged,
                           std::uint64_t seed) const noexcept {
  if (how == kind::empty) return 0;
  const auto bytes =
      how == kind::logged ? logged : bytes_min + mix(seed, line) % (bytes_max - bytes_min + 1);
  return std::min<std::uint64_t>(bytes, made_up_body_bytes_max);
}

std::optional<body_sizes> parse_body_sizes(const std::string& text) {
  if (text == "none") return body_sizes{};
  if (text == "logged") return body_sizes{body_sizes::kind::logged};
  body_sizes out{body_sizes::kind::drawn};
  const auto* last = text.data() + text.size();
  const auto first = std::from_chars(text.data(), last, out.bytes_min);
  if (first.ec != std::errc{}) return std::nullopt;
  out.bytes_max = out.bytes_min;
  if (first.ptr != last) {
    if (*first.ptr != '-') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, last, out.bytes_max);
    if (second.ec != std::errc{} || second.ptr != last) return std::nullopt;
  }
  const bool fits = out.bytes_min <= out.bytes_max && out.bytes_max <= made_up_body_bytes_max;
  return fits ? std::optional{out} : std::nullopt;
}

}  // namespace tacit::bench
