#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tacit::bench {

/// A rate that changes over time: how many requests are due until a moment, and when a given count
/// is reached. Counts and times are exact up to rounding, so a schedule made of it does not drift.
///
/// Rates are per second and not negative, times seconds from the start. After its length a profile
/// goes on with its last rate, a sine with its period.
class rate_profile {
 public:
  /// From one rate to another, evenly over `length_s`.
  [[nodiscard]] static rate_profile ramp(double from, double to, double length_s);

  /// Each rate for `each_s`.
  [[nodiscard]] static rate_profile steps(const std::vector<double>& rates, double each_s);

  /// mean + amplitude * sin(2 pi t / period), where the amplitude is at most the mean.
  [[nodiscard]] static rate_profile sine(double mean, double amplitude, double period_s);

  /// `base` for `before_s`, `peak` for `peak_s`, and `base` again for `before_s`.
  [[nodiscard]] static rate_profile flood(double base, double peak, double before_s, double peak_s);

  /// Requests due within the first `s` seconds.
  [[nodiscard]] double count_until(double s) const noexcept;

  /// The earliest moment at which `count` are due; beyond any run when that is never.
  [[nodiscard]] double time_of(double count) const noexcept;

  [[nodiscard]] double length_s() const noexcept { return length_s_; }

 private:
  /// Linear from one rate to another.
  struct piece {
    double begins_s;
    double length_s;
    double from;
    double to;
    double count_before;

    [[nodiscard]] double count_within(double s) const noexcept;
    [[nodiscard]] double time_of(double count) const noexcept;
  };

  void append(double from, double to, double length_s);
  [[nodiscard]] double sine_count(double s) const noexcept;
  [[nodiscard]] double sine_time(double count) const noexcept;

  std::vector<piece> pieces_;  // empty: a sine
  double mean_ = 0;
  double amplitude_ = 0;
  double length_s_ = 0;
};

}  // namespace tacit::bench
