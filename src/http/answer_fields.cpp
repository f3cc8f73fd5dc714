#include "http/answer_fields.hpp"

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
  bool is_named = false;
  each_of_list(*vary, [&](std::string_view each) {
    is_named = is_named || each == "*" || equals_ignoring_case(each, on);
    return !is_named;
  });
  if (!is_named) vary->append(vary->empty() ? "" : ", ").append(on);
}

}  // namespace tacit::http
