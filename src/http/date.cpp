#include "http/date.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace tacit::http {
namespace {

struct cached_date {
  std::time_t second = -1;
  std::array<char, 64> text{};
  std::size_t size = 0;
};

constinit thread_local cached_date cache;

// Not strftime: its names depend on the locale of the program that embeds this.
void format(std::time_t second) noexcept {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&second, &utc);
  const int size =
      std::snprintf(cache.text.data(), cache.text.size(),
                    "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[utc.tm_wday], utc.tm_mday,
                    months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  cache.size = static_cast<std::size_t>(size);
  cache.second = second;
}

}  // namespace

std::string_view date_field() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != cache.second) format(now.tv_sec);
  return {cache.text.data(), cache.size};
}

}  // namespace tacit::http
