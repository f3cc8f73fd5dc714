#pragma once

#include <string>
#include <string_view>

#include <tacit/http/context.hpp>

namespace tacit::http {

/// The value of the answer's first field of that name, or nullptr.
[[nodiscard]] std::pmr::string* find_field(response& of, std::string_view name) noexcept;

/// Sets a field unless the handler has done so.
void set_if_absent(context& c, std::string_view name, std::string_view value);

/// Says that the answer depends on the request's field of that name (RFC 9110 section 12.5.5).
void add_vary(context& c, std::string_view on);

/// Calls `take` with each element of a comma-separated list, without the white space around it,
/// until it returns false.
template <class Take>
void each_of_list(std::string_view list, Take take) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t'))
      element.remove_prefix(1);
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t'))
      element.remove_suffix(1);
    if (!element.empty() && !take(element)) return;
  }
}

}  // namespace tacit::http
