#include "http/access_line.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace tacit::http {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

template <class Number>
void append_number(std::pmr::string& to, Number value) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  to.append(text.data(), end);
}

void append_digits(std::pmr::string& to, unsigned value, int digits) {
  std::array<char, 10> text;
  for (int i = digits; i-- > 0; value /= 10)
    text[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  to.append(text.data(), static_cast<std::size_t>(digits));
}

struct moment {
  explicit moment(std::int64_t unix_ms)
      : day(std::chrono::floor<std::chrono::days>(
            std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(unix_ms)))),
        date(day),
        ms_of_day(static_cast<unsigned>(unix_ms - day.time_since_epoch().count() * 86'400'000)) {}

  void append_clock(std::pmr::string& to) const {
    append_digits(to, ms_of_day / 3'600'000, 2);
    to += ':';
    append_digits(to, ms_of_day / 60'000 % 60, 2);
    to += ':';
    append_digits(to, ms_of_day / 1000 % 60, 2);
  }

  std::chrono::sys_days day;
  std::chrono::year_month_day date;
  unsigned ms_of_day;
};

// "10/Oct/2000:13:55:36 +0000"
void append_log_time(std::pmr::string& to, std::int64_t unix_ms) {
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const moment at(unix_ms);
  append_digits(to, static_cast<unsigned>(at.date.day()), 2);
  to.append("/").append(months[static_cast<unsigned>(at.date.month()) - 1]).append("/");
  append_digits(to, static_cast<unsigned>(static_cast<int>(at.date.year())), 4);
  to += ':';
  at.append_clock(to);
  to.append(" +0000");
}

// "2000-10-10T13:55:36.123Z"
void append_iso_time(std::pmr::string& to, std::int64_t unix_ms) {
  const moment at(unix_ms);
  append_digits(to, static_cast<unsigned>(static_cast<int>(at.date.year())), 4);
  to += '-';
  append_digits(to, static_cast<unsigned>(at.date.month()), 2);
  to += '-';
  append_digits(to, static_cast<unsigned>(at.date.day()), 2);
  to += 'T';
  at.append_clock(to);
  to += '.';
  append_digits(to, at.ms_of_day % 1000, 3);
  to += 'Z';
}

void append_quoted(std::pmr::string& to, std::string_view text) {
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte >= 0x20 && byte < 0x7F && each != '"' && each != '\\') {
      to += each;
    } else {
      to.append("\\x") += hex_digits[byte >> 4];
      to += hex_digits[byte & 15];
    }
  }
}

// The bytes of the UTF-8 sequence at the front, 0 if it is none.
std::size_t sequence_bytes(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool is_surrogate = first == 0xED && byte(1) > 0x9F;
    return follows(1) && follows(2) && !is_overlong && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_overlong = first == 0xF0 && byte(1) < 0x90;
    const bool is_too_large = first == 0xF4 && byte(1) > 0x8F;
    return follows(1) && follows(2) && follows(3) && !is_overlong && !is_too_large ? 4 : 0;
  }
  return 0;
}

void append_json_text(std::pmr::string& to, std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = sequence_bytes(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (bytes == 0) {
      to.append("\\ufffd");
    } else if (byte < 0x20 || byte == 0x7F) {
      to.append("\\u00") += hex_digits[byte >> 4];
      to += hex_digits[byte & 15];
    } else {
      if (byte == '"' || byte == '\\') to += '\\';
      to.append(text.substr(0, bytes));
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
}

void append_member(std::pmr::string& to, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  to.append(",\"").append(name).append("\":\"");
  append_json_text(to, text);
  to += '"';
}

template <class Number>
void append_member_number(std::pmr::string& to, std::string_view name, Number value) {
  to.append(",\"").append(name).append("\":");
  append_number(to, value);
}

// A request that was refused early has parts that never came.
std::string_view or_dash(std::string_view text) noexcept {
  return text.empty() ? std::string_view("-") : text;
}

}  // namespace

void append_combined(std::pmr::string& to, const context& c, const access& what) {
  const request& asked = c.request;
  to.append(or_dash(what.client)).append(" - - [");
  append_log_time(to, what.unix_ms);
  to.append("] \"");
  append_quoted(to, or_dash(asked.method_name));
  to += ' ';
  append_quoted(to, or_dash(asked.target));
  to.append(asked.version == 10 ? " HTTP/1.0\" " : " HTTP/1.1\" ");
  append_number(to, c.response.status);
  to += ' ';
  append_number(to, what.body_bytes);
  to.append(" \"");
  append_quoted(to, or_dash(asked.find("Referer").value_or("")));
  to.append("\" \"");
  append_quoted(to, or_dash(asked.find("User-Agent").value_or("")));
  to.append("\"\n");
}

void append_json(std::pmr::string& to, const context& c, const access& what) {
  const request& asked = c.request;
  to.append("{\"time\":\"");
  append_iso_time(to, what.unix_ms);
  to += '"';
  append_member(to, "request_id", c.request_id);
  append_member(to, "client", what.client);
  append_member(to, "method", asked.method_name);
  append_member(to, "host", asked.authority);
  append_member(to, "target", asked.target);
  append_member(to, "protocol", asked.version == 10 ? "HTTP/1.0" : "HTTP/1.1");
  append_member_number(to, "status", c.response.status);
  append_member_number(to, "bytes", what.body_bytes);
  append_member_number(to, "duration_us", what.duration.count());
  append_member(to, "referrer", asked.find("Referer").value_or(""));
  append_member(to, "user_agent", asked.find("User-Agent").value_or(""));
  to.append("}\n");
}

}  // namespace tacit::http
