#include <algorithm>
#include <map>
#include <memory_resource>
#include <optional>
#include <vector>

#include <tacit/http/router.hpp>

#include "fuzz/targets.hpp"

namespace tacit::fuzz {
namespace {

// Inputs beyond these add nothing but time: the search below looks at all pairs.
constexpr std::size_t routes_max = 24;
constexpr std::size_t requests_max = 24;

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t at = path.find('/'); at != std::string_view::npos;) {
    const std::size_t end = path.find('/', at + 1);
    segments.emplace_back(path.substr(at + 1, end == std::string_view::npos ? end : end - at - 1));
    at = end;
  }
  return segments;
}

bool is_rest(const std::string& segment) {
  return segment.ends_with("...}");
}
bool is_parameter(const std::string& segment) {
  return segment.starts_with('{');
}

std::string lower(std::string text) {
  for (char& each : text) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each | 0x20);
  }
  return text;
}

// Names in DNS may end in the dot of the root.
std::string without_root(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_host(std::string_view authority) {
  const auto name = authority.substr(0, authority.find(':'));
  const auto port = authority.substr(name.size());
  const auto is_in = [](std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
  };
  return is_in(port, ":0123456789") && port.rfind(':') + 1 < 2 &&
         is_in(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
}

struct route {
  http::method on;
  std::string host;  // In lower case, "{name}.rest" where the first label is a parameter.
  std::vector<std::string> path;

  [[nodiscard]] int host_rank() const { return host.empty() ? 0 : host[0] == '{' ? 1 : 2; }
};

// Whether all paths of `a` are paths of `b`.
bool is_within(const route& a, const route& b) {
  for (std::size_t i = 0;; ++i) {
    if (i == a.path.size() || i == b.path.size()) return a.path.size() == b.path.size();
    if (is_rest(b.path[i])) return true;
    if (is_rest(a.path[i])) return false;
    if (is_parameter(b.path[i]) ? !is_parameter(a.path[i]) && a.path[i].empty()
                                : a.path[i] != b.path[i]) {
      return false;
    }
  }
}

// One segment, decoded; nullopt where that cannot be.
std::optional<std::string> decode(const std::string& segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      text += segment[i];
      continue;
    }
    const std::string digits = segment.substr(i + 1, 2);
    if (digits.size() < 2 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      return std::nullopt;
    }
    text += static_cast<char>(std::stoi(digits, nullptr, 16));
    if (text.back() == '\0') return std::nullopt;
    i += 2;
  }
  return text;
}

struct asked {
  http::method on;
  std::string host;
  std::vector<std::string> path;  // Decoded.
  bool is_refused = false;

  asked(http::method method, std::string_view from, std::string_view target)
      : on(method), host(without_root(lower(std::string(from.substr(0, from.find(':')))))) {
    for (const std::string& each : split(target)) {
      const auto decoded = decode(each);
      is_refused = is_refused || !decoded;
      path.push_back(decoded.value_or(""));
      // An encoded slash hides no dots.
      for (const auto& part : split("/" + path.back()))
        is_refused = is_refused || part == "." || part == "..";
    }
  }
};

using parameters = std::map<std::string, std::string>;

std::string name_in(const std::string& segment) {
  return segment.substr(1, segment.size() - (is_rest(segment) ? 5 : 2));
}

bool matches_host(const route& with, const asked& request, parameters& found) {
  if (with.host.empty()) return true;
  if (with.host[0] != '{') return with.host == request.host;
  const auto brace = with.host.find('}');
  const auto dot = request.host.find('.');
  if (dot == std::string::npos || dot == 0 ||
      request.host.substr(dot) != with.host.substr(brace + 1))
    return false;
  found[with.host.substr(1, brace - 1)] = request.host.substr(0, dot);
  return true;
}

// Nullopt if it does not match. A rest that cannot be told from another one is refused: '?'.
std::optional<parameters> match(const route& with, const asked& request) {
  parameters found;
  if (!matches_host(with, request, found)) return std::nullopt;
  for (std::size_t i = 0; i + 1 < request.path.size(); ++i) {
    if (request.path[i].empty()) return std::nullopt;
  }
  for (std::size_t i = 0; i < with.path.size(); ++i) {
    if (i >= request.path.size()) return std::nullopt;
    const std::string& want = with.path[i];
    if (is_rest(want)) {
      std::string rest;
      for (std::size_t j = i; j < request.path.size(); ++j)
        rest += (j > i ? "/" : "") + request.path[j];
      found[name_in(want)] = rest;
      return found;
    }
    if (is_parameter(want)) {
      if (request.path[i].empty()) return std::nullopt;
      found[name_in(want)] = request.path[i];
    } else if (want != request.path[i]) {
      return std::nullopt;
    }
  }
  return with.path.size() == request.path.size() ? std::optional(found) : std::nullopt;
}

bool has_method(const route& with, http::method on) {
  return with.on == on || (on == http::method::head && with.on == http::method::get);
}

// Whether `a` goes before `b`, where both match.
bool is_better(const route& a, const route& b, http::method on) {
  if (a.host_rank() != b.host_rank()) return a.host_rank() > b.host_rank();
  if (is_within(a, b) != is_within(b, a)) return is_within(a, b);
  return is_within(a, b) && a.on == on && b.on != on;  // HEAD of its own, before that of GET.
}

struct table {
  http::router routes;
  std::vector<route> known;

  void add(std::string_view line) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos || known.size() == routes_max) return;
    if (line.find('\0') != std::string_view::npos) return;  // It would end the message early.
    const auto on = http::to_method(line.substr(0, space));
    const std::string_view pattern = line.substr(space + 1);
    const std::string number = std::to_string(known.size());
    try {
      routes.add(on, pattern, http::make_handler([number](http::context& c) { c.text(number); }));
    } catch (const std::invalid_argument& refused) {
      require(std::string_view(refused.what()).size() > 8, "refused without a reason");
      return;
    }
    if (pattern == "*") return;
    const auto slash = pattern.find('/');
    const std::string host = without_root(std::string(pattern.substr(0, slash)));
    // The name of a parameter keeps its case.
    const auto brace = host.starts_with('{') ? host.find('}') : 0;
    known.push_back(
        {on, host.substr(0, brace) + lower(host.substr(brace)), split(pattern.substr(slash))});
  }

  void ask(std::string_view line) const {
    const auto first = line.find(' ');
    const auto second = line.find(' ', std::min(first, line.size() - 1) + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return;
    const auto host = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    // The parser lets nothing else pass.
    if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) return;
    if (!is_host(host)) return;
    const asked request(http::to_method(line.substr(0, first)), host, path);

    std::pmr::monotonic_buffer_resource memory;
    http::context c(memory);
    c.request.method = request.on;
    c.request.authority = host;
    c.request.path = path;
    const auto answer = routes.find(c);
    if (answer.result == http::router::outcome::bad_request) {
      require(answer.why != nullptr, "refused without a reason");
      require(request.is_refused || path.find('%') != std::string_view::npos,
              "a plain path was refused");
      return;
    }
    require(!request.is_refused, "a path that leads elsewhere was looked up");
    compare(request, answer, c);
  }

  void compare(const asked& request, const http::router::match& answer, http::context& c) const {
    std::optional<std::size_t> best;
    bool has_path = false;
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (!match(known[i], request)) continue;
      has_path = true;
      if (has_method(known[i], request.on) &&
          (!best || is_better(known[i], known[*best], request.on))) {
        best = i;
      }
    }
    if (!best) {
      require(answer.result == (has_path ? http::router::outcome::method_not_allowed
                                         : http::router::outcome::not_found),
              "something was found that no pattern matches");
      return;
    }
    require(answer.result == http::router::outcome::found, "a pattern that matches was not found");
    answer.with->plain(c);
    require(std::string_view(c.response.body) == std::to_string(*best),
            "route " + std::string(c.response.body) + " was found, not " + std::to_string(*best));
    const auto expected = match(known[*best], request).value_or(parameters{});
    for (const auto& each : expected)
      require(c.param(each.first) == each.second, "the parameter " + each.first + " is another");
  }
};

}  // namespace

void fuzz_router(input bytes) {
  table under_test;
  bool asks = false;
  std::size_t asked_for = 0;
  for (std::string_view rest = as_text(bytes); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty()) {
      asks = true;
    } else if (!asks) {
      under_test.add(line);
    } else if (++asked_for <= requests_max) {
      under_test.ask(line);
    }
  }
}

}  // namespace tacit::fuzz
