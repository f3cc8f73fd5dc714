#include <tacit/http/preconditions.hpp>

#include "http/http_date.hpp"

namespace tacit::http {
namespace {

struct entity_tag {
  bool is_weak = false;
  std::string_view opaque;  // With its quotes.
};

// RFC 9110 section 8.8.3: any visible character but the quote, and what is not ASCII.
constexpr bool is_tag_character(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// Takes an entity tag from the front; nullopt if there is none.
std::optional<entity_tag> take_tag(std::string_view& from) noexcept {
  entity_tag found;
  std::string_view left = from;
  if (left.starts_with("W/")) {
    found.is_weak = true;
    left.remove_prefix(2);
  }
  if (!left.starts_with('"')) return std::nullopt;
  std::size_t end = 1;
  while (end < left.size() && is_tag_character(left[end]))
    ++end;
  if (end == left.size() || left[end] != '"') return std::nullopt;
  found.opaque = left.substr(0, end + 1);
  from = left.substr(end + 1);
  return found;
}

std::optional<entity_tag> to_tag(std::string_view text) noexcept {
  const auto found = take_tag(text);
  return found && text.empty() ? found : std::nullopt;
}

void skip_separators(std::string_view& text) noexcept {
  const auto next = text.find_first_not_of(" \t,");
  text.remove_prefix(next == std::string_view::npos ? text.size() : next);
}

using comparison = bool (*)(std::string_view, std::string_view) noexcept;

bool names(std::string_view list, std::string_view etag, comparison same) noexcept {
  skip_separators(list);
  while (!list.empty()) {
    const std::string_view before = list;
    if (!take_tag(list)) return false;
    if (same(before.substr(0, before.size() - list.size()), etag)) return true;
    const bool is_separated = list.empty() || list.find_first_of(" \t,") == 0;
    if (!is_separated) return false;
    skip_separators(list);
  }
  return false;
}

// Whether any field of that name is "*" or names the tag. nullopt if there is no such field.
std::optional<bool> list_matches(const request& asked, std::string_view name, std::string_view etag,
                                 comparison same) {
  std::optional<bool> matches;
  for (const field& each : asked.fields) {
    if (!equals_ignoring_case(each.name, name)) continue;
    matches = matches.value_or(false) || each.value == "*" || names(each.value, etag, same);
  }
  return matches;
}

std::optional<std::int64_t> date_of(const request& asked, std::string_view name) {
  const auto text = asked.find(name);
  return text ? parse_http_date(*text, present_second()) : std::nullopt;
}

bool is_safe(const request& asked) noexcept {
  return asked.method == method::get || asked.method == method::head;
}

}  // namespace

bool same_strongly(std::string_view a, std::string_view b) noexcept {
  const auto left = to_tag(a);
  const auto right = to_tag(b);
  return left && right && !left->is_weak && !right->is_weak && left->opaque == right->opaque;
}

bool same_weakly(std::string_view a, std::string_view b) noexcept {
  const auto left = to_tag(a);
  const auto right = to_tag(b);
  return left && right && left->opaque == right->opaque;
}

precondition check_preconditions(const request& asked, const validators& present) {
  if (const auto matches = list_matches(asked, "If-Match", present.etag, same_strongly)) {
    if (!*matches) return precondition::failed;
  } else if (const auto since = date_of(asked, "If-Unmodified-Since")) {
    if (present.last_modified && *present.last_modified > *since) return precondition::failed;
  }
  if (const auto matches = list_matches(asked, "If-None-Match", present.etag, same_weakly)) {
    if (!*matches) return precondition::holds;
    return is_safe(asked) ? precondition::not_modified : precondition::failed;
  }
  if (!is_safe(asked) || !present.last_modified) return precondition::holds;
  const auto since = date_of(asked, "If-Modified-Since");
  return since && *present.last_modified <= *since ? precondition::not_modified
                                                   : precondition::holds;
}

bool if_range_holds(const request& asked, const validators& present) {
  const auto wanted = asked.find("If-Range");
  if (!wanted) return true;
  if (to_tag(*wanted)) return same_strongly(*wanted, present.etag);
  const std::int64_t now = present_second();
  const auto date = parse_http_date(*wanted, now);
  return date && present.last_modified == date && *date < now;
}

}  // namespace tacit::http
