#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/comparison.hpp"

namespace tacit::bench::contenders::sched {

/// What one contender took for one shape in one round.
struct measurement {
  unsigned round = 0;
  std::string contender;
  std::string shape;
  std::int64_t size = 0;
  std::int64_t operations = 0;
  double seconds = 0;
  double ns_per_operation = 0;
};

/// Reads what a contender's program printed. Throws base::failure in words if that is no result, if
/// it is one of another contender or shape, or if its check says that the result was wrong.
[[nodiscard]] measurement parse_measurement(const std::string& printed,
                                            const std::string& contender, const std::string& shape);

/// What all contenders took.
struct standings {
  unsigned workers = 0;
  unsigned rounds = 0;
  std::vector<std::string> shapes;
  std::vector<std::string> contenders;  ///< Those that took part.
  std::vector<std::string> skipped;     ///< In words, with the reason.
  std::vector<std::string> failures;    ///< Runs that gave no result, in words.
  std::vector<measurement> measurements;
  double cpu_share_elsewhere = 0;  ///< Of the machine's CPUs, used by other programs meanwhile.

  /// Nanoseconds per operation over the rounds; empty if the contender does not do the shape.
  [[nodiscard]] series ns_of(const std::string& shape, const std::string& contender) const;

  /// Time per operation as a share of the reference's, round by round where both have one.
  [[nodiscard]] series ratios_of(const std::string& shape, const std::string& contender,
                                 const std::string& reference) const;

  /// The size that was run; 0 if there was none.
  [[nodiscard]] std::int64_t size_of(const std::string& shape, const std::string& contender) const;

  /// Whether another contender did more of the same.
  [[nodiscard]] bool is_scaled(const std::string& shape, const std::string& contender) const;
};

}  // namespace tacit::bench::contenders::sched
