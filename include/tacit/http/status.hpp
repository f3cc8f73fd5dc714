#pragma once

#include <string_view>

namespace tacit::http {

/// The reason phrase of a status code (RFC 9110 section 15), or an empty one for an unknown code.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// Statuses whose answers have no content, whatever the fields say (RFC 9110 section 6.4.1).
[[nodiscard]] constexpr bool has_no_content(int status) noexcept {
  return (status >= 100 && status < 200) || status == 204 || status == 304;
}

}  // namespace tacit::http
