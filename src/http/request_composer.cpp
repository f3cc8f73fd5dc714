#include "http/request_composer.hpp"

#include <algorithm>
#include <charconv>

#include "http/field_text.hpp"
#include "http/url.hpp"

namespace tacit::http {
namespace {

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view allowed =
      "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_target(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char each) { return each > ' ' && each < 0x7f && each != '#'; });
}

// What frames the message or the connection is the client's affair.
bool is_own(std::string_view name) noexcept {
  constexpr std::string_view own[] = {"Content-Length", "Transfer-Encoding", "Connection",
                                      "Expect"};
  return std::any_of(std::begin(own), std::end(own),
                     [&](std::string_view each) { return equals_ignoring_case(each, name); });
}

bool has(const client_request& request, std::string_view name) noexcept {
  return std::any_of(request.fields.begin(), request.fields.end(),
                     [&](const field& each) { return equals_ignoring_case(each.name, name); });
}

// Methods for which a body of no bytes is announced, too (RFC 9110 section 8.6).
bool means_a_body(method which) noexcept {
  return which == method::post || which == method::put || which == method::patch;
}

void append_field(std::pmr::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ").append(value).append("\r\n");
}

base::error_code check(const client_request& request) noexcept {
  if (request.method == method::connect || request.method == method::other) {
    return base::errc::wrong_use;
  }
  if (!is_target(request.target)) return base::errc::malformed;
  for (const field& each : request.fields) {
    if (!is_token(each.name) || !is_field_text(each.value)) return base::errc::malformed;
    if (is_own(each.name)) return base::errc::wrong_use;
  }
  return {};
}

}  // namespace

base::error_code compose(const client_request& request, const client_options& options,
                         composed_request& into) {
  if (const base::error_code wrong = check(request)) return wrong;
  auto to = url::parse(request.url);
  if (!to) return base::errc::malformed;
  into.origin = std::move(to->origin);
  const std::string_view target = request.target.empty() ? to->target : request.target;

  std::pmr::string& head = into.head;
  head.reserve(256);
  head.append(to_string(request.method)).append(" ");
  if (target.empty() || target.front() == '?') head.append("/");
  head.append(target).append(" HTTP/1.1\r\n");
  if (!has(request, "Host")) append_field(head, "Host", to->authority);
  if (!options.user_agent.empty() && !has(request, "User-Agent")) {
    append_field(head, "User-Agent", options.user_agent);
  }
  for (const field& each : request.fields)
    append_field(head, each.name, each.value);
  if (!request.body.empty() || means_a_body(request.method)) {
    char digits[24];
    const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, request.body.size());
    append_field(head, "Content-Length", {digits, static_cast<std::size_t>(end - digits)});
  }
  head.append("\r\n");
  return {};
}

}  // namespace tacit::http
