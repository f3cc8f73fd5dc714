#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tacit::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT", the form in which dates are sent (RFC 9110 section 5.6.7).
class http_date {
 public:
  static constexpr std::size_t size = 29;

  /// Seconds since 1970, of a year from 1 to 9999.
  explicit http_date(std::int64_t second) noexcept;

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, size> text_;
};

/// Seconds since 1970 of a date in any of the three forms that a recipient must understand:
/// IMF-fixdate, RFC 850 and asctime. nullopt for anything else. A two-digit year that would lie
/// more than 50 years after `now` is one of the century before.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text,
                                                          std::int64_t now) noexcept;

/// The present second, at most some milliseconds late.
[[nodiscard]] std::int64_t present_second() noexcept;

}  // namespace tacit::http
