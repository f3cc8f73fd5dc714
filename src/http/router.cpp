#include <tacit/http/router.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace tacit::http {
namespace {

// Takes the next segment of a path that starts with '/'.
std::string_view next_segment(std::string_view& path) noexcept {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// False for a '%' without two hex digits (RFC 3986 section 2.1), and for an encoded NUL.
bool percent_decode(std::string_view text, std::pmr::string& out) {
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return false;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return true;
}

[[noreturn]] void refuse(std::string_view pattern, const char* why) {
  throw std::invalid_argument("route '" + std::string(pattern) + "': " + why);
}

}  // namespace

std::vector<router::segment> router::parse(std::string_view pattern) {
  if (!pattern.starts_with('/')) refuse(pattern, "must start with '/'");
  std::vector<segment> segments;
  for (std::string_view rest = pattern; !rest.empty();) {
    const std::string_view text = next_segment(rest);
    if (!text.starts_with('{')) {
      if (text.find_first_of("{}") != std::string_view::npos) {
        refuse(pattern, "a parameter must be a whole segment");
      }
      segments.push_back({segment::kind::literal, std::string(text)});
      continue;
    }
    if (!text.ends_with('}')) refuse(pattern, "'{' without '}'");
    std::string_view name = text.substr(1, text.size() - 2);
    const bool is_rest = name.ends_with("...");
    if (is_rest) name.remove_suffix(3);
    if (name.empty()) refuse(pattern, "a parameter needs a name");
    if (is_rest && !rest.empty()) refuse(pattern, "'{name...}' must be the last segment");
    segments.push_back({is_rest ? segment::kind::rest : segment::kind::one, std::string(name)});
  }
  return segments;
}

void router::add(method on, std::string_view pattern, handler with) {
  auto segments = parse(pattern);
  const bool is_literal = std::all_of(segments.begin(), segments.end(), [](const segment& each) {
    return each.is == segment::kind::literal;
  });
  entry* target = nullptr;
  if (is_literal) {
    auto& slot = literal_[std::string(pattern)];
    if (!slot) slot = std::make_unique<entry>(entry{std::string(pattern), {}, {}, {}});
    target = slot.get();
  } else {
    // The same shape under other names is the same route.
    const auto same_shape = [&](const auto& each) {
      return std::equal(each->segments.begin(), each->segments.end(), segments.begin(),
                        segments.end(), [](const segment& a, const segment& b) {
                          return a.is == b.is &&
                                 (a.is != segment::kind::literal || a.text == b.text);
                        });
    };
    const auto found = std::find_if(with_parameters_.begin(), with_parameters_.end(), same_shape);
    if (found != with_parameters_.end()) {
      target = found->get();
      if (target->pattern != pattern) {
        refuse(pattern, ("matches the same paths as '" + target->pattern + "'").c_str());
      }
    } else {
      // Literal before one before rest, segment by segment from the left.
      const auto before = [](const auto& a, const auto& b) {
        return std::lexicographical_compare(
            a->segments.begin(), a->segments.end(), b->segments.begin(), b->segments.end(),
            [](const segment& x, const segment& y) { return x.is < y.is; });
      };
      auto fresh =
          std::make_unique<entry>(entry{std::string(pattern), std::move(segments), {}, {}});
      target = fresh.get();
      with_parameters_.insert(
          std::upper_bound(with_parameters_.begin(), with_parameters_.end(), fresh, before),
          std::move(fresh));
    }
  }
  handler& slot = target->by_method[static_cast<std::size_t>(on)];
  if (slot) refuse(pattern, "there is one for this method already");
  slot = std::move(with);
  const auto allow = [&](method each) {
    if (!target->allow.empty()) target->allow += ", ";
    target->allow += to_string(each);
  };
  allow(on);
  if (on == method::get && !target->by_method[static_cast<std::size_t>(method::head)]) {
    allow(method::head);
  }
}

bool router::matches(const entry& candidate, std::string_view path) noexcept {
  for (const segment& each : candidate.segments) {
    if (each.is == segment::kind::rest) return path.starts_with('/');
    if (!path.starts_with('/')) return false;
    const std::string_view text = next_segment(path);
    if (each.is == segment::kind::literal ? text != each.text : text.empty()) return false;
  }
  return path.empty();
}

// False if a parameter is not properly encoded.
bool router::bind(const entry& matched, context& c) {
  std::string_view path = c.request.path;
  for (const segment& each : matched.segments) {
    if (each.is == segment::kind::literal) {
      next_segment(path);
      continue;
    }
    const std::string_view text =
        each.is == segment::kind::rest ? path.substr(1) : next_segment(path);
    std::pmr::string value(&c.arena());
    if (!percent_decode(text, value)) return false;
    c.params_.emplace_back(each.text, std::move(value));
  }
  return true;
}

router::match router::select(const entry& matched, context& c) const {
  const auto at = [&](method on) { return &matched.by_method[static_cast<std::size_t>(on)]; };
  const handler* with = at(c.request.method);
  if (!*with && c.request.method == method::head) with = at(method::get);
  if (!*with) return {outcome::method_not_allowed, nullptr, &matched.allow};
  return {outcome::found, with, nullptr};
}

router::match router::find(context& c) const {
  if (const auto found = literal_.find(c.request.path); found != literal_.end()) {
    return select(*found->second, c);
  }
  for (const auto& each : with_parameters_) {
    if (!matches(*each, c.request.path)) continue;
    const match selected = select(*each, c);
    if (selected.result == outcome::found && !bind(*each, c)) return {outcome::bad_request, {}, {}};
    return selected;
  }
  if (fallback_) return {outcome::found, &fallback_, nullptr};
  return {};
}

}  // namespace tacit::http
