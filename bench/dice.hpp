#pragma once

#include <cstddef>
#include <cstdint>

namespace tacit::bench {

/// Draws that are the same on every machine, which those of <random>'s distributions are not.
class dice {
 public:
  explicit dice(std::uint64_t seed) : seed_{seed} {}

  /// In [0, 1).
  double unit();
  bool chance(double probability) { return unit() < probability; }
  std::size_t below(std::size_t n);
  double normal();
  /// Exponential with this mean.
  double wait(double mean);
  /// At least 1 and at most 4,000,001.
  std::uint64_t log_normal(double median, double sigma);

 private:
  std::uint64_t seed_;
  std::uint64_t position_ = 0;
};

}  // namespace tacit::bench
