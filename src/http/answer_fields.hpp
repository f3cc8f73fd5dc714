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

}  // namespace tacit::http
