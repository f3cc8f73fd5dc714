#include "bench/capacity_search.hpp"

#include <gtest/gtest.h>
#include <functional>
#include <random>

namespace tacit::bench {
namespace {

using model = std::function<try_result(double rate)>;

capacity_search search(const model& target, capacity_search::settings asked = {}) {
  capacity_search out{asked};
  while (const auto rate = out.next())
    out.add(target(*rate), "as the model has it");
  return out;
}

model holding(double capacity) {
  return [=](double rate) { return rate <= capacity ? try_result::met : try_result::missed; };
}

TEST(capacity_search, finds_what_a_target_holds_within_the_precision) {
  for (const double capacity : {13.0, 999.0, 1'000.0, 1'001.0, 37'000.0, 1'234'567.0}) {
    const auto found = search(holding(capacity));
    ASSERT_TRUE(found.highest_met()) << capacity;
    EXPECT_LE(*found.highest_met(), capacity);
    EXPECT_GE(*found.highest_met() * 1.05, capacity);
    EXPECT_TRUE(found.is_confirmed()) << capacity;
    ASSERT_NE(found.limit(), nullptr);
    EXPECT_GT(found.limit()->rate_per_s, capacity);
  }
}

TEST(capacity_search, confirms_the_answer_as_often_as_asked) {
  const auto found = search(holding(5'000), {1'000, 0.05, 4, 60, 4e6});
  int times = 0;
  for (const auto& one : found.tries())
    times += one.rate_per_s == *found.highest_met() && one.result == try_result::met;
  EXPECT_EQ(times, 4);
}

TEST(capacity_search, does_not_believe_a_single_miss) {
  int tries = 0;
  const auto found = search([&](double rate) {
    return ++tries == 2 || rate > 10'000 ? try_result::missed : try_result::met;
  });
  EXPECT_GE(*found.highest_met() * 1.05, 10'000);
}

TEST(capacity_search, takes_back_a_rate_that_is_not_met_again) {
  int lucky = 1;
  const auto found = search([&](double rate) {
    if (rate <= 1'000) return try_result::met;
    return lucky-- > 0 ? try_result::met : try_result::missed;
  });
  EXPECT_LE(*found.highest_met(), 1'000);
}

TEST(capacity_search, says_that_the_harness_was_the_limit) {
  const auto found =
      search([](double rate) { return rate <= 3'000 ? try_result::met : try_result::invalid; });
  ASSERT_NE(found.limit(), nullptr);
  EXPECT_EQ(found.limit()->result, try_result::invalid);
  EXPECT_GE(*found.highest_met() * 1.05, 3'000);
}

TEST(capacity_search, ends_where_nothing_is_met_and_where_everything_is) {
  const auto nothing = search(holding(0));
  EXPECT_FALSE(nothing.highest_met());
  EXPECT_FALSE(nothing.is_confirmed());
  const auto everything = search(holding(1e12));
  EXPECT_EQ(*everything.highest_met(), 4e6);
  EXPECT_FALSE(everything.is_confirmed());
}

TEST(capacity_search, gives_up_soon_where_the_harness_never_gets_its_turn) {
  const auto found = search([](double) { return try_result::invalid; });
  EXPECT_FALSE(found.highest_met());
  EXPECT_EQ(found.limit()->result, try_result::invalid);
  EXPECT_LE(found.tries().size(), 12u);
}

TEST(capacity_search, ends_in_noise) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 bits{seed};
    const auto found = search([&](double rate) {
      const double chance = rate < 5'000 ? 0.9 : rate < 10'000 ? 0.5 : 0.05;
      return std::bernoulli_distribution{chance}(bits) ? try_result::met : try_result::missed;
    });
    EXPECT_LE(found.tries().size(), 60u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tacit::bench
