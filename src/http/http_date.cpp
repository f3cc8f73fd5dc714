#include "http/http_date.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace tacit::http {
namespace {

// Not strftime and strptime: their names depend on the locale of the program that embeds this.
constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes a text apart from its front; once something does not fit, nothing does any more.
class scanner {
 public:
  explicit scanner(std::string_view text) noexcept : left_(text) {}

  void literal(std::string_view expected) noexcept {
    if (!left_.starts_with(expected)) return fail();
    left_.remove_prefix(expected.size());
  }

  [[nodiscard]] int number(std::size_t digits) noexcept {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (left_.empty() || left_[0] < '0' || left_[0] > '9') {
        fail();
        return 0;
      }
      value = 10 * value + (left_[0] - '0');
      left_.remove_prefix(1);
    }
    return value;
  }

  // asctime writes the day with a space in front where it has one digit.
  [[nodiscard]] int padded_day() noexcept {
    if (!left_.starts_with(' ')) return number(2);
    left_.remove_prefix(1);
    return number(1);
  }

  template <std::size_t N>
  [[nodiscard]] unsigned one_of(const std::array<std::string_view, N>& names) noexcept {
    for (unsigned i = 0; i < N; ++i) {
      if (!left_.starts_with(names[i])) continue;
      left_.remove_prefix(names[i].size());
      return i;
    }
    fail();
    return 0;
  }

  [[nodiscard]] bool is_done() const noexcept { return !failed_ && left_.empty(); }

 private:
  void fail() noexcept { failed_ = true; }

  std::string_view left_;
  bool failed_ = false;
};

struct moment {
  int year = 0;
  unsigned month = 0;  // From 0.
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void scan_time(scanner& from, moment& into) noexcept {
  into.hour = from.number(2);
  from.literal(":");
  into.minute = from.number(2);
  from.literal(":");
  into.second = from.number(2);
}

std::optional<moment> scan_fixdate(std::string_view text) noexcept {
  scanner from(text);
  moment found;
  static_cast<void>(from.one_of(days));
  from.literal(", ");
  found.day = from.number(2);
  from.literal(" ");
  found.month = from.one_of(months);
  from.literal(" ");
  found.year = from.number(4);
  from.literal(" ");
  scan_time(from, found);
  from.literal(" GMT");
  return from.is_done() ? std::optional(found) : std::nullopt;
}

std::optional<moment> scan_rfc850(std::string_view text, std::int64_t now) noexcept {
  scanner from(text);
  moment found;
  static_cast<void>(from.one_of(long_days));
  from.literal(", ");
  found.day = from.number(2);
  from.literal("-");
  found.month = from.one_of(months);
  from.literal("-");
  const int short_year = from.number(2);
  from.literal(" ");
  scan_time(from, found);
  from.literal(" GMT");
  if (!from.is_done()) return std::nullopt;
  const auto today =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(now)));
  const int this_year = static_cast<int>(std::chrono::year_month_day(today).year());
  found.year = this_year - this_year % 100 + short_year;
  if (found.year > this_year + 50) found.year -= 100;
  return found;
}

std::optional<moment> scan_asctime(std::string_view text) noexcept {
  scanner from(text);
  moment found;
  static_cast<void>(from.one_of(days));
  from.literal(" ");
  found.month = from.one_of(months);
  from.literal(" ");
  found.day = from.padded_day();
  from.literal(" ");
  scan_time(from, found);
  from.literal(" ");
  found.year = from.number(4);
  return from.is_done() ? std::optional(found) : std::nullopt;
}

std::optional<std::int64_t> to_second(const moment& from) noexcept {
  const std::chrono::year_month_day date{std::chrono::year(from.year),
                                         std::chrono::month(from.month + 1),
                                         std::chrono::day(static_cast<unsigned>(from.day))};
  // 60 is a leap second.
  if (!date.ok() || from.hour > 23 || from.minute > 59 || from.second > 60) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch() / std::chrono::seconds(1) +
         from.hour * 3600 + from.minute * 60 + from.second;
}

char* put(char* at, std::string_view text) noexcept {
  return std::copy(text.begin(), text.end(), at);
}

char* put(char* at, unsigned value, unsigned digits) noexcept {
  for (unsigned i = digits; i-- > 0; value /= 10)
    at[i] = static_cast<char>('0' + value % 10);
  return at + digits;
}

}  // namespace

http_date::http_date(std::int64_t second) noexcept : text_{} {
  const std::chrono::sys_seconds at{std::chrono::seconds(second)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto clock = static_cast<unsigned>((at - day).count());
  char* to = put(text_.data(), days[std::chrono::weekday(day).c_encoding()]);
  to = put(put(to, ", "), static_cast<unsigned>(date.day()), 2);
  to = put(put(put(to, " "), months[static_cast<unsigned>(date.month()) - 1]), " ");
  to = put(to, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  to = put(put(to, " "), clock / 3600, 2);
  to = put(put(to, ":"), clock / 60 % 60, 2);
  to = put(put(to, ":"), clock % 60, 2);
  put(to, " GMT");
}

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now) noexcept {
  auto found = scan_fixdate(text);
  if (!found) found = scan_rfc850(text, now);
  if (!found) found = scan_asctime(text);
  return found ? to_second(*found) : std::nullopt;
}

std::int64_t present_second() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec;
}

}  // namespace tacit::http
