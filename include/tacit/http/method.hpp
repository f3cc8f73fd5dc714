#pragma once

#include <cstdint>
#include <string_view>

namespace tacit::http {

/// Request methods (RFC 9110 section 9, RFC 5789). `other` stands for any further token.
enum class method : std::uint8_t {
  get,
  head,
  post,
  put,
  delete_,
  patch,
  options,
  connect,
  trace,
  other
};

inline constexpr std::size_t method_count = 10;

[[nodiscard]] constexpr std::string_view to_string(method value) noexcept {
  constexpr std::string_view names[method_count] = {
      "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "OTHER"};
  return names[static_cast<std::size_t>(value)];
}

/// Method names are case-sensitive (RFC 9110 section 9.1).
[[nodiscard]] constexpr method to_method(std::string_view name) noexcept {
  for (std::size_t i = 0; i + 1 < method_count; ++i) {
    const auto candidate = static_cast<method>(i);
    if (to_string(candidate) == name) return candidate;
  }
  return method::other;
}

}  // namespace tacit::http
