#include "bench/schedule.hpp"

#include <gtest/gtest.h>
#include <cmath>
#include <vector>

namespace tacit::bench {
namespace {

std::vector<std::int64_t> walk(const schedule& when, std::uint64_t count) {
  std::vector<std::int64_t> times;
  for (std::uint64_t i = 0; i < count; ++i)
    times.push_back(when.due_ns(i, times.empty() ? 0 : times.back()));
  return times;
}

TEST(schedule, constant_rate_spaces_requests_evenly) {
  const auto times = walk(schedule::constant(1'000), 10'000);
  for (std::size_t i = 0; i < times.size(); ++i)
    ASSERT_EQ(times[i], static_cast<std::int64_t>(i) * 1'000'000);
}

TEST(schedule, constant_rate_does_not_drift) {
  // A third of a nanosecond lost per request would be seconds after a long run.
  const auto when = schedule::constant(3'000'000);
  EXPECT_EQ(when.due_ns(3'000'000'000, 0), 1'000'000'000'000);
}

TEST(schedule, poisson_is_a_function_of_its_seed) {
  EXPECT_EQ(walk(schedule::poisson(500, 7), 1'000), walk(schedule::poisson(500, 7), 1'000));
  EXPECT_NE(walk(schedule::poisson(500, 7), 1'000), walk(schedule::poisson(500, 8), 1'000));
}

TEST(schedule, poisson_never_goes_back_and_has_the_rate_asked_for) {
  constexpr std::uint64_t count = 200'000;
  const auto times = walk(schedule::poisson(1'000, 42), count);
  for (std::size_t i = 1; i < times.size(); ++i)
    ASSERT_GE(times[i], times[i - 1]);
  // The mean of n exponential gaps is within 5 standard errors, 5 / sqrt(n).
  EXPECT_NEAR(static_cast<double>(times.back()) / count, 1e6, 1e6 * 5 / std::sqrt(count));
}

TEST(schedule, poisson_gaps_spread_as_exponential_ones_do) {
  constexpr std::uint64_t count = 100'000;
  const auto times = walk(schedule::poisson(1'000, 1), count);
  std::uint64_t long_gaps = 0;
  for (std::size_t i = 1; i < times.size(); ++i)
    long_gaps += times[i] - times[i - 1] > 1'000'000;
  EXPECT_NEAR(static_cast<double>(long_gaps) / count, std::exp(-1), 0.01);
}

TEST(schedule, recorded_times_are_divided_by_the_speed) {
  const auto when = schedule::recorded({0, 100, 1'000}, 10, 2'000);
  EXPECT_EQ(walk(when, 3), (std::vector<std::int64_t>{0, 10, 100}));
}

TEST(schedule, recorded_times_begin_again_after_their_period) {
  const auto when = schedule::recorded({0, 500}, 0.5, 1'000);
  EXPECT_EQ(walk(when, 5), (std::vector<std::int64_t>{0, 1'000, 2'000, 3'000, 4'000}));
  EXPECT_DOUBLE_EQ(when.rate_per_s(), 1e6);
}

TEST(schedule, only_a_closed_loop_has_no_rate) {
  EXPECT_TRUE(schedule::saturating().is_closed_loop());
  EXPECT_EQ(schedule::saturating().rate_per_s(), 0);
  EXPECT_FALSE(schedule::constant(5).is_closed_loop());
  EXPECT_DOUBLE_EQ(schedule::constant(5).rate_per_s(), 5);
}

}  // namespace
}  // namespace tacit::bench
