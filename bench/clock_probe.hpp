#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "bench/endpoint.hpp"
#include "bench/run_plan.hpp"

namespace tacit::bench {

/// Narrows down how far another clock is ahead, by what it said between two looks at ours.
///
/// A Date of D means that the other clock was within [D, D + 1 s) at some moment between the two:
/// many of them, around the change of a second, bound the offset to about the gap between two.
class clock_bounds {
 public:
  void add(double date_unix_s, double before_unix_s, double after_unix_s);

  /// nullopt while nothing was added, or when the answers contradict each other.
  [[nodiscard]] std::optional<clock_offset> result() const noexcept;

 private:
  std::optional<clock_offset> bounds_;
};

/// The seconds since the epoch of an HTTP date (RFC 9110 section 5.6.7, the preferred form).
[[nodiscard]] std::optional<double> parse_http_date(const std::string& text);

/// Asks for the time again and again for a little more than a second: some fifty requests. nullopt
/// when the target says no Date, or none that can be so. `stop` ends it early.
[[nodiscard]] std::optional<clock_offset> probe_clock(const endpoint& target,
                                                      const std::string& authority,
                                                      const std::atomic<bool>& stop);

/// The wall clock, in seconds since the epoch.
[[nodiscard]] double wall_clock_s() noexcept;

/// Blocks until that moment of the wall clock, or until `stop`.
void wait_until(double unix_s, const std::atomic<bool>& stop);

}  // namespace tacit::bench
