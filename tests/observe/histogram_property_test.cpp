#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <random>
#include <tacit/observe/histogram.hpp>
#include <vector>

namespace tacit::observe {
namespace {

/// Values of every order of magnitude up to `highest`.
std::vector<std::uint64_t> draw(std::mt19937_64& random, std::size_t n, double highest) {
  std::uniform_real_distribution<double> magnitude{0, std::log(highest)};
  std::vector<std::uint64_t> values(n);
  for (auto& value : values)
    value = static_cast<std::uint64_t>(std::exp(magnitude(random)));
  return values;
}

class histogram_property : public testing::TestWithParam<int> {
 protected:
  const std::uint64_t seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
  const testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
};

TEST_P(histogram_property, percentiles_are_within_the_promised_error) {
  auto values = draw(random_, 20'000, 3.6e12);
  histogram h{3'600'000'000'000, GetParam()};
  for (const auto value : values)
    h.record(value);
  std::sort(values.begin(), values.end());
  for (const double percentile : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<std::size_t>(
        std::max(1.0, std::ceil(percentile / 100.0 * static_cast<double>(values.size()) - 1e-6)));
    const auto exact = values[rank - 1];
    const auto got = h.at_percentile(percentile);
    EXPECT_GE(got, exact) << percentile;
    EXPECT_LE(static_cast<double>(got - exact),
              static_cast<double>(exact) * std::pow(10.0, -GetParam()))
        << percentile;
  }
}

TEST_P(histogram_property, counts_below_a_value_are_those_of_its_slot) {
  const auto values = draw(random_, 5'000, 1e9);
  histogram h{1'000'000'000, GetParam()};
  for (const auto value : values)
    h.record(value);
  const double error = std::pow(10.0, -GetParam());
  for (const auto limit : draw(random_, 50, 1e9)) {
    const auto below = [&](double bound) {
      return static_cast<std::uint64_t>(std::count_if(
          values.begin(), values.end(), [&](auto v) { return static_cast<double>(v) <= bound; }));
    };
    const auto exact = static_cast<double>(limit);
    EXPECT_GE(h.count_at_or_below(limit), below(exact));
    EXPECT_LE(h.count_at_or_below(limit), below(exact * (1 + error)));
  }
}

TEST_P(histogram_property, merging_loses_nothing) {
  const auto values = draw(random_, 10'000, 1e13);  // some saturate
  histogram whole{3'600'000'000'000, GetParam()};
  std::vector<histogram> parts(3, histogram{3'600'000'000'000, GetParam()});
  for (const auto value : values) {
    whole.record(value);
    parts[random_() % parts.size()].record(value);
  }
  histogram merged{3'600'000'000'000, GetParam()};
  for (const auto& part : parts)
    merged.merge(part);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_EQ(merged.saturated(), whole.saturated());
  EXPECT_EQ(merged.min(), whole.min());
  EXPECT_EQ(merged.max(), whole.max());
  EXPECT_DOUBLE_EQ(merged.mean(), whole.mean());
  for (double percentile = 0; percentile <= 100; percentile += 0.5)
    EXPECT_EQ(merged.at_percentile(percentile), whole.at_percentile(percentile)) << percentile;
}

INSTANTIATE_TEST_SUITE_P(digits, histogram_property, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace tacit::observe
