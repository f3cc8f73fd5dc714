#include "http/route_pattern.hpp"

#include <algorithm>
#include <stdexcept>

namespace tacit::http {
namespace {

[[noreturn]] void refuse(std::string_view pattern, const char* why) {
  throw std::invalid_argument("route '" + std::string(pattern) + "': " + why);
}

void add_name(route_pattern& to, std::string_view name) {
  if (name.empty()) refuse(to.text, "a parameter needs a name");
  if (name.find_first_of("{}") != std::string_view::npos) {
    refuse(to.text, "a parameter must be a whole segment");
  }
  if (std::find(to.names.begin(), to.names.end(), name) != to.names.end()) {
    refuse(to.text, "two parameters have the same name");
  }
  if (to.names.size() == parameters_max) refuse(to.text, "has more than 8 parameters");
  to.names.emplace_back(name);
}

// Hosts differ by name alone, so the case and the port of a request's Host do not matter, nor does
// the dot of the root.
void parse_host(route_pattern& to, std::string_view host) {
  if (host.empty()) return;
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.starts_with('.') || host.find("..") != std::string_view::npos) {
    refuse(to.text, "the host has an empty label");
  }
  if (host.starts_with('{')) {
    const std::size_t end = host.find('}');
    if (end == std::string_view::npos) refuse(to.text, "'{' without '}'");
    add_name(to, host.substr(1, end - 1));
    host.remove_prefix(end + 1);
    if (host.size() < 2 || host[0] != '.') {
      refuse(to.text, "a host's parameter must be a whole label with others behind it");
    }
    to.host = "*";
  }
  for (const char each : host) {
    const bool is_upper = each >= 'A' && each <= 'Z';
    const bool is_known = is_upper || (each >= 'a' && each <= 'z') ||
                          (each >= '0' && each <= '9') || each == '-' || each == '.' || each == '_';
    if (!is_known) refuse(to.text, "the host is not a name; only its first label may be '{name}'");
    to.host.push_back(is_upper ? static_cast<char>(each + 32) : each);
  }
}

void parse_segment(route_pattern& to, std::string_view text, bool is_last) {
  using kind = route_pattern::kind;
  if (text.starts_with('{')) {
    if (!text.ends_with('}') || text.size() < 2) refuse(to.text, "'{' without '}'");
    std::string_view name = text.substr(1, text.size() - 2);
    const bool is_rest = name.ends_with("...");
    if (is_rest) name.remove_suffix(3);
    if (is_rest && !is_last) refuse(to.text, "'{name...}' must be the last segment");
    add_name(to, name);
    to.path.push_back({is_rest ? kind::rest : kind::one, std::string(name)});
    return;
  }
  if (text.find_first_of("{}") != std::string_view::npos) {
    refuse(to.text, "a parameter must be a whole segment");
  }
  if (text.find_first_of(std::string_view("%?#\0", 4)) != std::string_view::npos) {
    refuse(to.text, "patterns are written decoded, without '%', '?' and '#'");
  }
  if (text == "." || text == "..") refuse(to.text, "no request has a segment '.' or '..'");
  if (text.empty() && !is_last) refuse(to.text, "has an empty segment");
  to.path.push_back({kind::literal, std::string(text)});
}

}  // namespace

route_pattern parse_pattern(std::string_view text) {
  route_pattern parsed;
  parsed.text = text;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    refuse(text, "must start with '/', or have one behind the host");
  parse_host(parsed, text.substr(0, slash));
  for (std::string_view rest = text.substr(slash); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    parse_segment(parsed, segment, rest.empty());
  }
  return parsed;
}

relation compare_paths(const route_pattern& a, const route_pattern& b) noexcept {
  using kind = route_pattern::kind;
  bool a_is_more = false;
  bool b_is_more = false;
  for (std::size_t i = 0;; ++i) {
    const bool a_ends = i == a.path.size();
    const bool b_ends = i == b.path.size();
    if (a_ends && b_ends) break;
    if (a_ends || b_ends) return relation::disjoint;
    const auto& of_a = a.path[i];
    const auto& of_b = b.path[i];
    // A rest matches whatever the other one has from here on, which is one segment at least.
    if (of_a.is == kind::rest || of_b.is == kind::rest) {
      if (of_a.is != kind::rest) a_is_more = true;
      if (of_b.is != kind::rest) b_is_more = true;
      break;
    }
    if (of_a.is == kind::literal && of_b.is == kind::literal) {
      if (of_a.text != of_b.text) return relation::disjoint;
    } else if (of_a.is != of_b.is) {
      const bool literal_is_empty =
          of_a.is == kind::literal ? of_a.text.empty() : of_b.text.empty();
      if (literal_is_empty) return relation::disjoint;  // A parameter is never empty.
      (of_a.is == kind::literal ? a_is_more : b_is_more) = true;
    }
  }
  if (a_is_more && b_is_more) return relation::overlapping;
  if (a_is_more) return relation::more_specific;
  return b_is_more ? relation::less_specific : relation::equal;
}

}  // namespace tacit::http
