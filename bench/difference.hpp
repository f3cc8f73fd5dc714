#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace tacit::bench {

/// How sure a claim has to be.
struct confidence {
  double level = 0.99;     ///< Of all comparisons of the family at once.
  unsigned family = 1;     ///< How many figures are compared side by side (Bonferroni).
  std::uint64_t seed = 1;  ///< Of the resampling: the same figures and seed, the same interval.
};

/// The mean of some values, and the bounds between which it lies.
struct mean_interval {
  double mean = 0;
  double low = 0;
  double high = 0;
  std::size_t count = 0;

  [[nodiscard]] bool leaves_out(double value) const noexcept { return low > value || high < value; }
};

/// Histograms round to three digits: ratios that agree by more than that do so by chance.
inline constexpr double ratio_resolution = 0.0005;

/// The interval of the mean of values that are independent of each other: the wider one of
/// Student's t and the percentiles of a bootstrap. nullopt with fewer than two. Values that scatter
/// less than `resolution` agree by chance and are taken to scatter that much.
[[nodiscard]] std::optional<mean_interval> interval_of_mean(std::span<const double> values,
                                                            const confidence& asked,
                                                            double resolution = 0);

/// What a figure of one side is as a multiple of the other's, and between which bounds.
struct difference {
  double ratio = 1;
  double low = 1;
  double high = 1;
  std::size_t blocks = 0;  ///< Pairs, or the smaller side's blocks.

  /// Whether the interval leaves out "the same".
  [[nodiscard]] bool is_shown() const noexcept { return low > 1 || high < 1; }

  /// "+5.1 % (+4.0 % to +6.2 %)", or "no difference shown (-1.2 % to +0.9 %)".
  [[nodiscard]] std::string sentence() const;
};

/// Sets `to[i]` against `from[i]`, measured right after one another. nullopt with fewer than two
/// pairs, or where a figure is not positive, so that there is no ratio.
///
/// The interval is of the mean of the logarithms of the ratios, and the wider one of two: Student's
/// t, and the percentiles of a bootstrap over the pairs. The bootstrap alone is too narrow for few
/// pairs: with five it finds a difference in every third comparison of a server with itself.
[[nodiscard]] std::optional<difference> paired_difference(std::span<const double> from,
                                                          std::span<const double> to,
                                                          const confidence& asked);

/// The same where nothing pairs the blocks of the two sides (Welch's t). What differed between the
/// times at which the two sides ran looks like a difference of the sides.
[[nodiscard]] std::optional<difference> unpaired_difference(std::span<const double> from,
                                                            std::span<const double> to,
                                                            const confidence& asked);

}  // namespace tacit::bench
