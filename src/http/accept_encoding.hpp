#pragma once

#include <array>
#include <string_view>

#include <tacit/http/request.hpp>

namespace tacit::http {

enum class content_coding { zstd, brotli, gzip, identity };

inline constexpr std::size_t coding_count = 3;  // Identity is none.

[[nodiscard]] constexpr std::string_view to_string(content_coding value) noexcept {
  constexpr std::string_view names[] = {"zstd", "br", "gzip", "identity"};
  return names[static_cast<std::size_t>(value)];
}

/// The coding that the request prefers among those offered, the earlier of those it likes as much
/// (RFC 9110 section 12.5.3). Identity if it names none, or prefers that.
[[nodiscard]] content_coding choose_coding(const request& asked,
                                           const std::array<bool, coding_count>& offered) noexcept;

}  // namespace tacit::http
