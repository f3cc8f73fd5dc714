#include "http/date.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "http/http_date.hpp"

namespace tacit::http {
namespace {

struct cached_date {
  std::int64_t second = -1;
  std::array<char, 64> text{};
  std::size_t size = 0;
};

constinit thread_local cached_date cache;

void format(std::int64_t second) noexcept {
  char* to = cache.text.data();
  const auto append = [&](std::string_view text) { to = std::copy(text.begin(), text.end(), to); };
  append("Date: ");
  append(http_date(second).text());
  append("\r\n");
  cache.size = static_cast<std::size_t>(to - cache.text.data());
  cache.second = second;
}

}  // namespace

std::string_view date_field() noexcept {
  const std::int64_t now = present_second();
  if (now != cache.second) format(now);
  return {cache.text.data(), cache.size};
}

}  // namespace tacit::http
