#include "http/base64.hpp"

#include <cstdint>

namespace tacit::http {
namespace {

constexpr int value_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

bool decode_base64(std::string_view text, std::pmr::string& into) {
  into.clear();
  if (text.size() % 4 != 0) return false;
  into.reserve(text.size() / 4 * 3);
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=')
    --digits;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char each : text.substr(0, digits)) {
    const int value = value_of(each);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    into.push_back(static_cast<char>(bits >> held & 255U));
  }
  return (bits & ((1U << held) - 1)) == 0;  // Bits that no byte has must be zero.
}

}  // namespace tacit::http
