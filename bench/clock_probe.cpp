#include "bench/clock_probe.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "bench/fetch.hpp"

namespace tacit::bench {
namespace {

// Every second changes once within so many probes.
constexpr int probes = 55;
constexpr auto probe_gap = std::chrono::milliseconds{20};
constexpr std::int64_t probe_timeout_ns = 1'000'000'000;
constexpr auto wait_step = std::chrono::milliseconds{50};

}  // namespace

void clock_bounds::add(double date_unix_s, double before_unix_s, double after_unix_s) {
  const double low = date_unix_s - after_unix_s;
  const double high = date_unix_s + 1 - before_unix_s;
  if (!bounds_) bounds_ = clock_offset{low, high};
  bounds_->low_s = std::max(bounds_->low_s, low);
  bounds_->high_s = std::min(bounds_->high_s, high);
}

std::optional<clock_offset> clock_bounds::result() const noexcept {
  return bounds_ && bounds_->low_s <= bounds_->high_s ? bounds_ : std::nullopt;
}

std::optional<double> parse_http_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<double>(::timegm(&parts));
}

std::optional<clock_offset> probe_clock(const endpoint& target, const std::string& authority,
                                        const std::atomic<bool>& stop) {
  clock_bounds bounds;
  for (int i = 0; i < probes && !stop; ++i) {
    const double before = wall_clock_s();
    const auto got = fetch(target, authority, "/", probe_timeout_ns);
    const auto date = parse_http_date(got.date);
    if (!date) return std::nullopt;
    bounds.add(*date, before, wall_clock_s());
    std::this_thread::sleep_for(probe_gap);
  }
  return bounds.result();
}

double wall_clock_s() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

void wait_until(double unix_s, const std::atomic<bool>& stop) {
  for (double left = unix_s - wall_clock_s(); left > 0 && !stop; left = unix_s - wall_clock_s())
    std::this_thread::sleep_for(
        std::min<std::chrono::duration<double>>(std::chrono::duration<double>{left}, wait_step));
}

}  // namespace tacit::bench
