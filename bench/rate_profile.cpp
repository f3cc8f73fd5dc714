#include "bench/rate_profile.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace tacit::bench {
namespace {

// Nine years: beyond any run, and its nanoseconds fit.
constexpr double never_s = 3e8;
constexpr double pi = std::numbers::pi;

}  // namespace

double rate_profile::piece::count_within(double s) const noexcept {
  const double mean_so_far = from + (to - from) * s / (2 * length_s);
  return mean_so_far * s;
}

/// The inverse, in the form of the quadratic's root that keeps its digits when the slope is small.
double rate_profile::piece::time_of(double count) const noexcept {
  const double slope = (to - from) / length_s;
  const double root = std::sqrt(std::max(0.0, from * from + 2 * slope * count));
  return count <= 0 ? 0 : std::min(length_s, 2 * count / (from + root));
}

void rate_profile::append(double from, double to, double length_s) {
  assert(from >= 0 && to >= 0 && length_s > 0);
  pieces_.push_back({length_s_, length_s, from, to, count_until(length_s_)});
  length_s_ += length_s;
}

rate_profile rate_profile::ramp(double from, double to, double length_s) {
  rate_profile out;
  out.append(from, to, length_s);
  return out;
}

rate_profile rate_profile::steps(const std::vector<double>& rates, double each_s) {
  rate_profile out;
  for (const double rate : rates)
    out.append(rate, rate, each_s);
  return out;
}

rate_profile rate_profile::sine(double mean, double amplitude, double period_s) {
  assert(mean > 0 && amplitude >= 0 && amplitude <= mean && period_s > 0);
  rate_profile out;
  out.mean_ = mean;
  out.amplitude_ = amplitude;
  out.length_s_ = period_s;
  return out;
}

rate_profile rate_profile::flood(double base, double peak, double before_s, double peak_s) {
  rate_profile out;
  out.append(base, base, before_s);
  out.append(peak, peak, peak_s);
  out.append(base, base, before_s);
  return out;
}

double rate_profile::count_until(double s) const noexcept {
  if (mean_ > 0) return sine_count(s);
  if (pieces_.empty()) return 0;
  auto in = std::upper_bound(pieces_.begin(), pieces_.end(), s,
                             [](double at, const piece& p) { return at < p.begins_s; });
  if (in != pieces_.begin()) --in;
  const double within = std::min(s - in->begins_s, in->length_s);
  const double behind = std::max(0.0, s - in->begins_s - in->length_s);
  return in->count_before + in->count_within(within) + behind * in->to;
}

double rate_profile::time_of(double count) const noexcept {
  if (mean_ > 0) return sine_time(count);
  // The first piece that reaches the count: where the rate is 0 the count is reached before.
  for (const auto& p : pieces_) {
    if (p.count_before + p.count_within(p.length_s) >= count) {
      return p.begins_s + p.time_of(count - p.count_before);
    }
  }
  const auto& last = pieces_.back();
  const double left = count - last.count_before - last.count_within(last.length_s);
  return last.to > 0 ? std::min(never_s, length_s_ + left / last.to) : never_s;
}

double rate_profile::sine_count(double s) const noexcept {
  const double period = length_s_;
  return mean_ * s + amplitude_ * period / (2 * pi) * (1 - std::cos(2 * pi * s / period));
}

/// Newton's steps, kept between bounds that bisection would use: the rate may come down to 0.
double rate_profile::sine_time(double count) const noexcept {
  const double periods = std::floor(count / (mean_ * length_s_));
  const double wanted = count - periods * mean_ * length_s_;
  double low = 0;
  double high = length_s_;
  double at = wanted / mean_;
  for (int turn = 0; turn < 60 && high - low > 1e-10; ++turn) {
    const double error = sine_count(at) - wanted;
    (error > 0 ? high : low) = at;
    if (std::abs(error) < 1e-9) break;
    const double rate = mean_ + amplitude_ * std::sin(2 * pi * at / length_s_);
    const double next = rate > 0 ? at - error / rate : -1;
    at = next > low && next < high ? next : (low + high) / 2;
  }
  return periods * length_s_ + at;
}

}  // namespace tacit::bench
