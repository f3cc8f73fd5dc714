#include "bench/difference.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <functional>
#include <vector>

#include "bench/schedule.hpp"

namespace tacit::bench {
namespace {

// An interval of 99.75 % has five resamples beyond each of its ends.
constexpr std::size_t resamples = 4'000;

struct bounds {
  double low;
  double high;
};

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values)
    sum += value;
  return sum / static_cast<double>(values.size());
}

/// Of the mean, squared.
double error_squared(std::span<const double> values, double resolution) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values)
    sum += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  return std::max(sum / (n - 1), resolution * resolution) / n;
}

/// What lies in each tail, of one comparison of the family.
double tail_of(const confidence& asked) {
  return (1 - asked.level) / asked.family / 2;
}

double critical_t(double degrees, const confidence& asked) {
  return boost::math::quantile(
      boost::math::complement(boost::math::students_t{degrees}, tail_of(asked)));
}

/// Draws that are a function of the seed and their number.
class resampler {
 public:
  explicit resampler(std::uint64_t seed) : seed_{seed} {}

  double mean_of(std::span<const double> values) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      sum += values[mix(seed_, drawn_++) % values.size()];
    return sum / static_cast<double>(values.size());
  }

 private:
  std::uint64_t seed_;
  std::uint64_t drawn_ = 0;
};

bounds bootstrap(const std::function<double()>& draw, const confidence& asked) {
  std::vector<double> means(resamples);
  std::generate(means.begin(), means.end(), draw);
  std::sort(means.begin(), means.end());
  const auto beyond = static_cast<std::size_t>(tail_of(asked) * resamples);
  return {means[beyond], means[resamples - 1 - beyond]};
}

difference widest(double mean, double half, const bounds& resampled, std::size_t blocks) {
  return {std::exp(mean), std::exp(std::min(mean - half, resampled.low)),
          std::exp(std::max(mean + half, resampled.high)), blocks};
}

/// nullopt where a figure has no logarithm.
std::optional<std::vector<double>> logarithms(std::span<const double> values) {
  std::vector<double> out;
  for (const double value : values) {
    if (!(value > 0)) return std::nullopt;
    out.push_back(std::log(value));
  }
  return out;
}

}  // namespace

std::string difference::sentence() const {
  const auto percent = [](double times) { return fmt::format("{:+.1f} %", 100 * (times - 1)); };
  const auto range = fmt::format("({} to {})", percent(low), percent(high));
  return is_shown() ? fmt::format("{} {}", percent(ratio), range) : "no difference shown " + range;
}

std::optional<mean_interval> interval_of_mean(std::span<const double> values,
                                              const confidence& asked, double resolution) {
  if (values.size() < 2) return std::nullopt;
  resampler draws{asked.seed};
  const double mean = mean_of(values);
  const double half = critical_t(static_cast<double>(values.size() - 1), asked) *
                      std::sqrt(error_squared(values, resolution));
  const auto resampled = bootstrap([&] { return draws.mean_of(values); }, asked);
  return mean_interval{mean, std::min(mean - half, resampled.low),
                       std::max(mean + half, resampled.high), values.size()};
}

std::optional<difference> paired_difference(std::span<const double> from,
                                            std::span<const double> to, const confidence& asked) {
  assert(from.size() == to.size());
  const auto before = logarithms(from);
  auto steps = logarithms(to);
  if (from.size() < 2 || !before || !steps) return std::nullopt;
  for (std::size_t i = 0; i < steps->size(); ++i)
    (*steps)[i] -= (*before)[i];
  const auto found = interval_of_mean(*steps, asked, ratio_resolution);
  return difference{std::exp(found->mean), std::exp(found->low), std::exp(found->high),
                    found->count};
}

std::optional<difference> unpaired_difference(std::span<const double> from,
                                              std::span<const double> to, const confidence& asked) {
  const auto before = logarithms(from);
  const auto after = logarithms(to);
  if (from.size() < 2 || to.size() < 2 || !before || !after) return std::nullopt;
  const double first = error_squared(*before, ratio_resolution);
  const double second = error_squared(*after, ratio_resolution);
  // Welch and Satterthwaite: the side that scatters more has its own number of degrees.
  const double degrees = (first + second) * (first + second) /
                         (first * first / static_cast<double>(from.size() - 1) +
                          second * second / static_cast<double>(to.size() - 1));
  resampler draws{asked.seed};
  const auto draw = [&] { return draws.mean_of(*after) - draws.mean_of(*before); };
  return widest(mean_of(*after) - mean_of(*before),
                critical_t(degrees, asked) * std::sqrt(first + second), bootstrap(draw, asked),
                std::min(from.size(), to.size()));
}

}  // namespace tacit::bench
