#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

namespace tacit::http {

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The elements of a comma-separated field value, without white space around them; empty ones are
/// skipped (RFC 9110 section 5.6.1). Not for values with quoted strings.
class field_list {
 public:
  explicit constexpr field_list(std::string_view value) noexcept : left_(value) {}

  constexpr std::optional<std::string_view> next() noexcept {
    while (!left_.empty()) {
      const std::string_view element = trimmed(left_.substr(0, left_.find(',')));
      left_.remove_prefix(std::min(left_.find(','), left_.size() - 1) + 1);
      if (!element.empty()) return element;
    }
    return std::nullopt;
  }

 private:
  std::string_view left_;
};

}  // namespace tacit::http
