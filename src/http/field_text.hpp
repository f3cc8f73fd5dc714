#pragma once

#include <algorithm>
#include <string_view>

namespace tacit::http {

/// Whether `text` may stand in a line of a message: what ends lines for some readers, and other
/// control characters but the tab, may not (RFC 9110 section 5.5).
[[nodiscard]] inline bool is_field_text(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char each) {
    return (static_cast<unsigned char>(each) < ' ' && each != '\t') || each == 0x7f;
  });
}

}  // namespace tacit::http
