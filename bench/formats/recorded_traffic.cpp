#include "bench/formats/recorded_traffic.hpp"

#include <strings.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace tacit::bench::formats {
namespace {

constexpr std::string_view token_characters =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// Takes a number of exactly `digits` digits and the character behind it, if that is asked for.
bool take(std::string_view& text, int digits, int& into, char behind) {
  const auto width = static_cast<std::size_t>(digits);
  if (text.size() < width + (behind != 0)) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + width, into);
  if (error != std::errc{} || end != text.data() + width || into < 0) return false;
  text.remove_prefix(width);
  if (behind == 0) return true;
  const bool is_there = text.front() == behind;
  text.remove_prefix(1);
  return is_there;
}

std::int64_t take_fraction_ns(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  std::int64_t out = 0;
  for (std::int64_t unit = 100'000'000; !text.empty() && text[0] >= '0' && text[0] <= '9';
       unit /= 10) {
    out += (text[0] - '0') * unit;
    text.remove_prefix(1);
  }
  return out;
}

/// Minutes east of Greenwich.
std::optional<int> zone_of(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6) return std::nullopt;
  const int sign = text[0] == '+' ? 1 : text[0] == '-' ? -1 : 0;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (sign == 0 || !take(text, 2, hours, ':') || !take(text, 2, minutes, 0)) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

}  // namespace

std::vector<std::int64_t> recorded_traffic::times_ns() const {
  std::vector<std::int64_t> out;
  out.reserve(requests.size());
  for (const auto& request : requests)
    out.push_back(*request.time_ns - *requests.front().time_ns);
  return out;
}

std::optional<std::string> target_of(std::string_view url) {
  if (url.starts_with('/')) return std::string{url};
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  if (!is_http) return std::nullopt;
  url.remove_prefix(url.find("//") + 2);
  url = url.substr(0, url.find('#'));
  const auto path = url.find_first_of("/?");
  if (path == 0 || url.empty()) return std::nullopt;
  if (path == std::string_view::npos) return "/";
  return (url[path] == '?' ? "/" : "") + std::string{url.substr(path)};
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool has_date =
      take(text, 4, year, '-') && take(text, 2, month, '-') && take(text, 2, day, 0);
  if (!has_date || text.empty() || (text[0] != 'T' && text[0] != 't' && text[0] != ' ')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  if (!take(text, 2, hour, ':') || !take(text, 2, minute, ':') || !take(text, 2, second, 0)) {
    return std::nullopt;
  }
  const auto fraction = take_fraction_ns(text);
  const auto zone = zone_of(text);
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!zone || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * 86'400LL + hour * 3'600 + (minute - *zone) * 60 + second;
  // Nanoseconds of years beyond 2200 do not fit.
  if (year < 1800 || year > 2200) return std::nullopt;
  return seconds * 1'000'000'000 + fraction;
}

bool is_replayed(std::string_view field_name) noexcept {
  constexpr std::array<std::string_view, 10> of_the_connection = {
      "host", "content-length", "connection", "transfer-encoding", "keep-alive", "upgrade",
      "te",   "trailer",        "expect",     "proxy-connection"};
  return !field_name.starts_with(':') &&
         std::none_of(of_the_connection.begin(), of_the_connection.end(),
                      [&](auto name) { return is_equal(name, field_name); });
}

const char* not_sendable(const recorded_request& what) noexcept {
  const auto is_token = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of(token_characters) == std::string::npos;
  };
  if (what.method == "CONNECT") return "CONNECT asks for a tunnel and cannot be replayed";
  if (!is_token(what.method)) return "the method is none";
  if (!what.target.starts_with('/')) return "the target is no path";
  if (what.target.size() > target_bytes_max) return "the target is longer than 16 KiB";
  const auto& fields = what.fields;
  if (!std::all_of(fields.begin(), fields.end(),
                   [&](const auto& f) { return is_token(f.first); })) {
    return "a field has no proper name";
  }
  return nullptr;
}

void order(recorded_traffic& what) {
  auto& requests = what.requests;
  what.has_times = !requests.empty() &&
                   std::all_of(requests.begin(), requests.end(),
                               [](const auto& request) { return request.time_ns.has_value(); });
  if (!what.has_times) return;
  std::stable_sort(requests.begin(), requests.end(),
                   [](const auto& a, const auto& b) { return *a.time_ns < *b.time_ns; });
}

}  // namespace tacit::bench::formats
