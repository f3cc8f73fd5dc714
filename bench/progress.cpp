#include "bench/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "bench/connections.hpp"
#include "bench/durations.hpp"

namespace tacit::bench {
namespace {

// The threads close a second when they look after their connections, ten times a second.
constexpr std::int64_t patience_ns = 300'000'000;
constexpr std::int64_t plain_every_s = 5;

constexpr std::array<const char*, 8> bars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::string sparkline(const std::deque<std::uint64_t>& rates) {
  const auto most = std::max<std::uint64_t>(*std::max_element(rates.begin(), rates.end()), 1);
  std::string out;
  for (const auto rate : rates)
    out += bars[std::min<std::size_t>(rate * bars.size() / most, bars.size() - 1)];
  return out;
}

}  // namespace

void progress_line::add(const timeline_row& row) {
  since_.add(row);
  since_.second = row.second;
  ++seconds_;
  errors_ += row.errors;
  rates_.push_back(row.answered);
  if (rates_.size() > bars_max) rates_.pop_front();
}

std::string progress_line::take(bool is_plain) {
  if (seconds_ == 0) return {};
  observe::histogram latency;
  since_.add_latency_to(latency);
  auto out = fmt::format(
      "{} s  {:.0f}/s  p99 {}  errors {}  lag {:.3f} ms", since_.second + 1,
      static_cast<double>(since_.answered) / static_cast<double>(seconds_),
      latency.count() == 0
          ? "-"
          : fmt::format("{:.3f} ms", static_cast<double>(latency.at_percentile(99)) / 1e6),
      errors_, static_cast<double>(since_.lag_ns_max) / 1e6);
  if (!is_plain) out += "  " + sparkline(rates_);
  since_ = {};
  seconds_ = 0;
  return out;
}

progress::progress(progress_kind how, live_board& from, std::int64_t start_ns)
    : from_{from},
      start_ns_{start_ns},
      is_plain_{how == progress_kind::plain || ::isatty(STDERR_FILENO) == 0} {
  if (how != progress_kind::off) thread_ = std::thread{[this] { show(); }};
}

progress::~progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard guard{mutex_};
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
  if (has_line_) std::fputs("\r\x1b[K", stderr);
}

void progress::show() {
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto next = start_ns_ + (shown_ + 1) * second_ns + patience_ns;
    const std::chrono::nanoseconds left{std::max<std::int64_t>(next - now_ns(), 0)};
    if (changed_.wait_for(lock, left, [this] { return is_over_; })) return;
    show_second();
  }
}

void progress::show_second() {
  auto rows = from_.take_before(++shown_);
  if (rows.empty()) rows.push_back({});
  rows.back().second = shown_ - 1;
  for (const auto& row : rows)
    line_.add(row);
  if (is_plain_ && shown_ % plain_every_s != 0) return;
  const auto text = line_.take(is_plain_);
  has_line_ = !is_plain_;
  std::fputs((is_plain_ ? text + "\n" : "\r\x1b[K" + text).c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace tacit::bench
