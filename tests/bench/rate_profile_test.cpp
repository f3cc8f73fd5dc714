#include "bench/rate_profile.hpp"

#include <gtest/gtest.h>
#include <cmath>
#include <random>

#include "bench/schedule.hpp"

namespace tacit::bench {
namespace {

const std::vector<std::pair<const char*, rate_profile>>& shapes() {
  static const std::vector<std::pair<const char*, rate_profile>> all = {
      {"ramp", rate_profile::ramp(0, 5'000, 20)},
      {"ramp down", rate_profile::ramp(3'000, 10, 7)},
      {"steps", rate_profile::steps({100, 0, 2'000, 50}, 3)},
      {"sine", rate_profile::sine(1'000, 1'000, 4)},
      {"flood", rate_profile::flood(50, 20'000, 2, 1)}};
  return all;
}

TEST(rate_profile, counts_are_the_area_under_the_rate) {
  EXPECT_DOUBLE_EQ(rate_profile::ramp(0, 100, 10).count_until(10), 500);
  EXPECT_DOUBLE_EQ(rate_profile::ramp(0, 100, 10).count_until(5), 125);
  EXPECT_DOUBLE_EQ(rate_profile::ramp(0, 100, 10).count_until(12), 700);  // goes on with 100/s
  EXPECT_DOUBLE_EQ(rate_profile::steps({10, 30}, 2).count_until(3), 50);
  EXPECT_DOUBLE_EQ(rate_profile::flood(10, 1'000, 2, 1).count_until(5), 1'040);
  EXPECT_NEAR(rate_profile::sine(100, 60, 8).count_until(16), 1'600, 1e-9);
  EXPECT_NEAR(rate_profile::sine(100, 60, 8).count_until(2), 200 + 60 * 8 / (2 * 3.14159265358979),
              1e-6);
}

TEST(rate_profile, the_time_of_a_count_is_where_the_count_is_reached) {
  const auto seed = std::random_device{}();
  std::mt19937_64 random{seed};
  for (const auto& [name, shape] : shapes()) {
    for (int round = 0; round < 2'000; ++round) {
      const double count = std::uniform_real_distribution{0.0, 30'000.0}(random);
      const double at = shape.time_of(count);
      EXPECT_NEAR(shape.count_until(at), count, 1e-4) << name << " seed " << seed;
    }
  }
}

TEST(rate_profile, where_nothing_is_due_the_next_waits_for_the_next_step) {
  const auto shape = rate_profile::steps({10, 0, 10}, 1);
  EXPECT_NEAR(shape.time_of(9.9), 0.99, 1e-9);
  EXPECT_NEAR(shape.time_of(10.1), 2.01, 1e-9);
  EXPECT_GE(rate_profile::steps({10, 0}, 1).time_of(11), 1e8);
}

TEST(rate_profile, a_schedule_keeps_to_the_counts_of_every_second) {
  for (const auto& [name, shape] : shapes()) {
    const auto when = schedule::shaped(shape);
    std::int64_t due = 0;
    std::uint64_t index = 0;
    for (int second = 1; second <= 12; ++second) {
      for (; (due = when.due_ns(index, due)) < second * 1'000'000'000LL; ++index) {
      }
      EXPECT_NEAR(static_cast<double>(index), shape.count_until(second), 1.001) << name;
    }
  }
}

TEST(rate_profile, due_times_do_not_descend_and_are_the_same_for_the_same_seed) {
  for (const auto& [name, shape] : shapes()) {
    for (const auto& when : {schedule::shaped(shape), schedule::shaped(shape, 7)}) {
      std::int64_t due = 0;
      for (std::uint64_t i = 0; i < 20'000; ++i) {
        const auto next = when.due_ns(i, due);
        ASSERT_GE(next, due) << name << " at " << i;
        ASSERT_EQ(next, when.due_ns(i, due));
        due = next;
      }
    }
  }
}

// In a Poisson process whose rate changes, the requests of an interval have the mean and the
// variance of the area under the rate there.
TEST(rate_profile, poisson_counts_have_the_mean_and_the_variance_of_their_second) {
  const auto shape = rate_profile::ramp(100, 500, 4);
  constexpr int runs = 2'000;
  for (int second = 0; second < 4; ++second) {
    const double expected = shape.count_until(second + 1) - shape.count_until(second);
    double sum = 0;
    double squares = 0;
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
      const auto when = schedule::shaped(shape, seed);
      std::int64_t due = 0;
      double count = 0;
      for (std::uint64_t i = 0; (due = when.due_ns(i, due)) < (second + 1) * 1'000'000'000LL; ++i)
        count += due >= second * 1'000'000'000LL;
      sum += count;
      squares += count * count;
    }
    const double mean = sum / runs;
    const double variance = squares / runs - mean * mean;
    EXPECT_NEAR(mean, expected, 5 * std::sqrt(expected / runs));
    EXPECT_NEAR(variance, expected, 5 * expected * std::sqrt(2.0 / runs));
  }
}

}  // namespace
}  // namespace tacit::bench
