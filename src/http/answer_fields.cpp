#include "http/answer_fields.hpp"

#include "http/field_list.hpp"

namespace tacit::http {

std::pmr::string* find_field(response& of, std::string_view name) noexcept {
  for (auto& [key, value] : of.fields) {
    if (equals_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

void set_if_absent(context& c, std::string_view name, std::string_view value) {
  if (!find_field(c.response, name)) c.set(name, value);
}

void add_vary(context& c, std::string_view on) {
  std::pmr::string* const vary = find_field(c.response, "Vary");
  if (!vary) {
    c.set("Vary", on);
    return;
  }
  field_list list(*vary);
  while (const auto each = list.next()) {
    if (*each == "*" || equals_ignoring_case(*each, on)) return;
  }
  vary->append(vary->empty() ? "" : ", ").append(on);
}

}  // namespace tacit::http
