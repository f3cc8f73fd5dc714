#include "http/url.hpp"

#include <algorithm>
#include <charconv>

namespace tacit::http {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

constexpr char lower(char each) noexcept {
  return each >= 'A' && each <= 'Z' ? static_cast<char>(each | 0x20) : each;
}

std::string lowered(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), lower);
  return made;
}

// What stands in a url as it is (RFC 3986 section 2): no blanks, no controls, nothing beyond ASCII.
bool is_encoded(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char each) { return each > ' ' && each < 0x7f; });
}

bool is_host(std::string_view text) noexcept {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::optional<std::uint16_t> to_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool split(std::string_view authority, origin& into) {
  std::string_view host = authority.substr(0, authority.find(':'));
  std::string_view rest = authority.substr(host.size());
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return false;
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
    if (host.empty() || host.find_first_not_of("0123456789abcdefABCDEF:.") != host.npos)
      return false;
  } else if (!is_host(host)) {
    return false;
  }
  into.host = lowered(host);
  if (rest.empty() || rest == ":") return true;
  const auto port = rest.front() == ':' ? to_port(rest.substr(1)) : std::nullopt;
  into.port = port.value_or(0);
  return port.has_value();
}

}  // namespace

std::optional<url> url::parse(std::string_view text) {
  url made;
  text = text.substr(0, text.find('#'));
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos || !is_encoded(text)) return std::nullopt;
  made.origin.scheme = lowered(text.substr(0, scheme_end));
  if (made.origin.scheme != "http" && made.origin.scheme != "https") return std::nullopt;
  made.origin.port = made.origin.scheme == "http" ? http_port : https_port;
  text.remove_prefix(scheme_end + 3);
  made.authority = text.substr(0, text.find_first_of("/?"));
  made.target = text.substr(made.authority.size());
  if (!split(made.authority, made.origin)) return std::nullopt;
  return made;
}

}  // namespace tacit::http
