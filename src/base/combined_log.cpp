#include <tacit/base/combined_log.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace tacit::base {
namespace {

/// What is left of the line; each step takes its part off the front.
struct cursor {
  std::string_view rest;

  bool take(std::string_view expected) {
    if (!rest.starts_with(expected)) return false;
    rest.remove_prefix(expected.size());
    return true;
  }

  /// Everything before `end`, which is taken too. Empty when `end` does not occur or comes first.
  std::string_view until(std::string_view end) {
    const auto at = rest.find(end);
    if (at == std::string_view::npos) return {};
    const auto part = rest.substr(0, at);
    rest.remove_prefix(at + end.size());
    return part;
  }

  /// The inside of a quoted field, its quotes taken. A backslash protects the character after it.
  bool quoted(std::string_view& out) {
    if (!rest.starts_with('"')) return false;
    for (std::size_t at = 1; at < rest.size(); ++at) {
      if (rest[at] == '\\') {
        ++at;
      } else if (rest[at] == '"') {
        out = rest.substr(1, at - 1);
        rest.remove_prefix(at + 1);
        return true;
      }
    }
    return false;
  }
};

template <class Number>
bool parse_digits(std::string_view text, Number& out) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

unsigned month_number(std::string_view name) {
  constexpr std::array<std::string_view, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? 0 : static_cast<unsigned>(found - names.begin()) + 1;
}

/// "17/May/2015:10:05:03 +0000", every field with its full width.
bool parse_time(std::string_view text, std::int64_t& out) {
  if (text.size() != 26 || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[14] != ':' ||
      text[17] != ':' || text[20] != ' ' || (text[21] != '+' && text[21] != '-')) {
    return false;
  }
  unsigned day = 0, hour = 0, minute = 0, second = 0, zone_hour = 0, zone_minute = 0;
  int year = 0;
  if (!parse_digits(text.substr(0, 2), day) || !parse_digits(text.substr(7, 4), year) ||
      !parse_digits(text.substr(12, 2), hour) || !parse_digits(text.substr(15, 2), minute) ||
      !parse_digits(text.substr(18, 2), second) || !parse_digits(text.substr(22, 2), zone_hour) ||
      !parse_digits(text.substr(24, 2), zone_minute)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{month_number(text.substr(3, 3))},
                                         std::chrono::day{day}};
  // 60 is a leap second; it falls on the first second of the next minute.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60 || zone_minute > 59) return false;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t zone = (text[21] == '-' ? -60 : 60) * (zone_hour * 60LL + zone_minute);
  out = days * 86'400 + hour * 3'600LL + minute * 60LL + second - zone;
  return true;
}

/// The characters of a method (RFC 9110 section 5.6.2).
bool is_token(std::string_view text) {
  constexpr std::string_view punctuation = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           punctuation.find(c) != std::string_view::npos;
  });
}

const char* parse_request_line(std::string_view text, combined_log_line& out) {
  const auto first = text.find(' ');
  const auto last = text.rfind(' ');
  out.method = text.substr(0, first);
  if (!is_token(out.method)) return "the request line does not start with a method";
  if (first == std::string_view::npos) return "the request line has no target";
  const bool simple = first == last;  // "GET /": HTTP/0.9, which knows no other method
  out.target = simple ? text.substr(first + 1) : text.substr(first + 1, last - first - 1);
  out.protocol = simple ? std::string_view{} : text.substr(last + 1);
  if (out.target.empty()) return "the request line has no target";
  if (out.target.find(' ') != std::string_view::npos) return "the target contains a space";
  if (simple ? out.method != "GET" : !out.protocol.starts_with("HTTP/")) {
    return "the request line does not end with a protocol";
  }
  return nullptr;
}

std::string_view dash_is_empty(std::string_view text) {
  return text == "-" ? std::string_view{} : text;
}

}  // namespace

const char* parse_combined_log(std::string_view line, combined_log_line& out) {
  cursor at{line};
  out = {};
  out.client = at.until(" ");
  if (out.client.empty()) return "there is no client address";
  if (at.until(" ").empty()) return "there is no identity field";
  if (at.until(" [").empty()) return "there is no user followed by a time in brackets";
  if (!parse_time(at.until("]"), out.time_s)) {
    return "the time is not of the form 17/May/2015:10:05:03 +0000";
  }
  std::string_view request;
  if (!at.take(" ") || !at.quoted(request)) return "there is no request line in quotes";
  if (const char* wrong = parse_request_line(request, out)) return wrong;
  if (!at.take(" ")) return "there is no status";
  if (!parse_digits(at.until(" "), out.status) || out.status < 100 || out.status > 599) {
    return "the status is not a number from 100 to 599";
  }
  const auto bytes = at.rest.substr(0, at.rest.find(' '));
  at.rest.remove_prefix(bytes.size());
  if (bytes != "-" && !parse_digits(bytes, out.bytes.emplace())) {
    return "the size is neither a number nor \"-\"";
  }
  if (at.rest.empty()) return nullptr;  // the common format ends here
  if (!at.take(" ") || !at.quoted(out.referrer)) return "there is no referrer in quotes";
  if (!at.take(" ") || !at.quoted(out.user_agent)) return "there is no user agent in quotes";
  if (!at.rest.empty() && !at.rest.starts_with(' ')) return "the user agent's quote ends early";
  out.referrer = dash_is_empty(out.referrer);
  out.user_agent = dash_is_empty(out.user_agent);
  return nullptr;
}

}  // namespace tacit::base
