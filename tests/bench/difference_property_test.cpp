#include <gtest/gtest.h>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "bench/difference.hpp"

namespace tacit::bench {
namespace {

constexpr std::size_t figures = 4;  // rate, p50, p99, CPU
constexpr unsigned comparisons = 200;
constexpr std::uint64_t seed = 20'261'122;

enum class noise { plain, skewed, drifting, lasting };

/// Two servers, block by block, on a machine that is not quiet.
class machine {
 public:
  machine(noise kind, std::uint64_t from) : kind_{kind}, bits_{from} {}

  double block() {
    double slower = 0.015 * normal_(bits_);
    if (kind_ != noise::plain && std::bernoulli_distribution{0.1}(bits_)) {
      slower += std::exponential_distribution{1 / 0.15}(bits_);
    }
    if (kind_ == noise::drifting) slower += 0.005 * taken_++;
    if (kind_ == noise::lasting) slower += lasting_ = 0.8 * lasting_ + 0.01 * normal_(bits_);
    return 100 * std::exp(slower);
  }

 private:
  noise kind_;
  std::mt19937_64 bits_;
  std::normal_distribution<double> normal_;
  double lasting_ = 0;
  int taken_ = 0;
};

/// One figure of a comparison in `pairs` turns, A B B A A B ..., where B takes `times` as much.
std::optional<difference> compare(machine& on, std::size_t pairs, double times) {
  std::vector<double> a;
  std::vector<double> b;
  for (std::size_t i = 0; i < pairs; ++i) {
    const double first = on.block();
    const double second = on.block();
    a.push_back(i % 2 == 0 ? first : second);
    b.push_back(times * (i % 2 == 0 ? second : first));
  }
  return paired_difference(a, b, {0.99, figures, 1});
}

struct tally {
  unsigned claimed = 0;  // comparisons in which any figure claims a difference
  unsigned found = 0;    // of the first figure
  unsigned covered = 0;  // of the first figure
};

tally repeat(noise kind, std::size_t pairs, double times) {
  tally out;
  for (unsigned i = 0; i < comparisons; ++i) {
    bool is_claimed = false;
    for (std::size_t figure = 0; figure < figures; ++figure) {
      machine on{kind, seed + i * figures + figure};
      const auto got = compare(on, pairs, times);
      is_claimed = is_claimed || got->is_shown();
      if (figure > 0) continue;
      out.found += got->is_shown();
      out.covered += got->low <= times && times <= got->high;
    }
    out.claimed += is_claimed;
  }
  return out;
}

class differences : public testing::TestWithParam<noise> {};

TEST_P(differences, of_a_server_with_itself_are_claimed_within_the_stated_level) {
  for (const std::size_t pairs : {3u, 5u, 10u, 20u}) {
    // One in a hundred is promised; six in 200 would be more than chance explains.
    EXPECT_LE(repeat(GetParam(), pairs, 1).claimed, 6u) << "seed " << seed << ", " << pairs;
  }
}

TEST_P(differences, cover_the_truth) {
  EXPECT_GE(repeat(GetParam(), 10, 1.05).covered, comparisons - 4) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(noises, differences,
                         testing::Values(noise::plain, noise::skewed, noise::drifting,
                                         noise::lasting));

TEST(differences, of_five_percent_are_found) {
  EXPECT_GE(repeat(noise::plain, 10, 1.05).found, comparisons * 98 / 100) << "seed " << seed;
  EXPECT_GE(repeat(noise::plain, 10, 0.95).found, comparisons * 98 / 100) << "seed " << seed;
}

TEST(differences, of_blocks_that_do_not_pair_are_within_the_stated_level_too) {
  unsigned claimed = 0;
  unsigned found = 0;
  for (unsigned i = 0; i < comparisons; ++i) {
    machine on{noise::plain, seed + i};
    std::vector<double> a(8);
    std::vector<double> b(12);
    for (double& value : a)
      value = on.block();
    for (double& value : b)
      value = on.block();
    claimed += unpaired_difference(a, b, {})->is_shown();
    for (double& value : b)
      value *= 1.05;
    found += unpaired_difference(a, b, {})->is_shown();
  }
  EXPECT_LE(claimed, 6u) << "seed " << seed;
  EXPECT_GE(found, comparisons * 95 / 100) << "seed " << seed;
}

TEST(differences, are_the_same_for_the_same_seed) {
  const std::vector<double> a{1, 1.2, 0.9, 1.7};
  const std::vector<double> b{1.1, 1.1, 1.4, 1.5};
  const auto first = paired_difference(a, b, {0.9, 1, 5});
  const auto again = paired_difference(a, b, {0.9, 1, 5});
  EXPECT_EQ(first->low, again->low);
  EXPECT_EQ(first->high, again->high);
}

TEST(differences, are_said_in_percent) {
  EXPECT_EQ((difference{1.05, 1.04, 1.062, 10}).sentence(), "+5.0 % (+4.0 % to +6.2 %)");
  EXPECT_EQ((difference{1.01, 0.99, 1.03, 10}).sentence(),
            "no difference shown (-1.0 % to +3.0 %)");
}

TEST(differences, need_two_blocks_and_positive_figures) {
  const std::vector<double> one{1};
  const std::vector<double> two{1, 2};
  const std::vector<double> zero{0, 2};
  EXPECT_FALSE(paired_difference(one, one, {}));
  EXPECT_FALSE(paired_difference(two, zero, {}));
  EXPECT_FALSE(unpaired_difference(one, two, {}));
  EXPECT_TRUE(paired_difference(two, two, {}));
}

TEST(differences, are_not_claimed_below_what_a_histogram_resolves) {
  const std::vector<double> a{1000, 1000, 1000};
  const std::vector<double> b{1001, 1001, 1001};
  EXPECT_FALSE(paired_difference(a, b, {})->is_shown());
}

}  // namespace
}  // namespace tacit::bench
