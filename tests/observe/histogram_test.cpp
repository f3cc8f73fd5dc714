#include <gtest/gtest.h>
#include <limits>
#include <tacit/observe/histogram.hpp>

namespace tacit::observe {
namespace {

TEST(histogram, an_empty_one_answers_zero) {
  const histogram h;
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.min(), 0u);
  EXPECT_EQ(h.max(), 0u);
  EXPECT_EQ(h.mean(), 0.0);
  EXPECT_EQ(h.at_percentile(50), 0u);
  EXPECT_EQ(h.count_at_or_below(1'000), 0u);
}

TEST(histogram, small_values_are_exact) {
  histogram h;
  for (std::uint64_t value = 1; value <= 1'000; ++value)
    h.record(value);
  EXPECT_EQ(h.at_percentile(0), 1u);
  EXPECT_EQ(h.at_percentile(50), 500u);
  EXPECT_EQ(h.at_percentile(99), 990u);
  EXPECT_EQ(h.at_percentile(99.9), 999u);
  EXPECT_EQ(h.at_percentile(100), 1'000u);
  EXPECT_EQ(h.count_at_or_below(250), 250u);
  EXPECT_DOUBLE_EQ(h.mean(), 500.5);
}

TEST(histogram, min_max_and_mean_are_exact_for_large_values) {
  histogram h;
  h.record(1'234'567'891);
  h.record(3'000'000'000'001, 2);
  EXPECT_EQ(h.min(), 1'234'567'891u);
  EXPECT_EQ(h.max(), 3'000'000'000'001u);
  EXPECT_DOUBLE_EQ(h.mean(), (1'234'567'891.0 + 2 * 3'000'000'000'001.0) / 3);
  EXPECT_EQ(h.at_percentile(100), h.max());
}

TEST(histogram, values_above_the_range_are_counted_and_marked) {
  histogram h{1'000'000, 3};
  h.record(5);
  h.record(1'000'000);
  EXPECT_EQ(h.saturated(), 0u);
  h.record(std::numeric_limits<std::uint64_t>::max(), 2);
  EXPECT_EQ(h.saturated(), 2u);
  EXPECT_EQ(h.count(), 4u);
  EXPECT_EQ(h.max(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_GE(h.at_percentile(100), 1'000'000u);
  EXPECT_EQ(h.count_at_or_below(10), 1u);
}

TEST(histogram, a_count_of_zero_records_nothing) {
  histogram h;
  h.record(7, 0);
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.max(), 0u);
}

TEST(histogram, reset_forgets_everything) {
  histogram h;
  h.record(42, 3);
  h.record(4'000'000'000'000'000);
  h.reset();
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.saturated(), 0u);
  EXPECT_EQ(h.max(), 0u);
  EXPECT_EQ(h.at_percentile(100), 0u);
  h.record(9);
  EXPECT_EQ(h.min(), 9u);
}

}  // namespace
}  // namespace tacit::observe
