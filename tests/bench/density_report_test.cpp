#include "bench/density_report.hpp"

#include <gtest/gtest.h>

namespace tacit::bench {
namespace {

density_row row_of(const std::string& name, const std::vector<std::int64_t>& startups_ms) {
  density_row out;
  out.name = name;
  for (const auto ms : startups_ms)
    out.starts.push_back({ms * 1'000'000, 1 << 20, 2 << 20});
  return out;
}

TEST(quantile, is_the_nearest_rank) {
  EXPECT_EQ(quantile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(quantile({1, 2, 3, 4}, 0.5), 2);
  EXPECT_EQ(quantile({1, 2, 3, 4}, 0.95), 4);
  EXPECT_EQ(quantile({7}, 0), 7);
  EXPECT_EQ(quantile({}, 0.5), 0);
}

TEST(start_ratio, pairs_the_starts_of_one_round) {
  // A machine that grows slow does not make the first look better.
  const auto ratio = compare_starts(row_of("a", {2, 20, 200}), row_of("b", {4, 40, 400}));
  EXPECT_EQ(ratio.median, 0.5);
  EXPECT_EQ(ratio.lower, 0.5);
  EXPECT_EQ(ratio.upper, 0.5);
}

TEST(density_report, says_what_fits_and_why_not_more) {
  density result;
  result.memory_bytes = 512 << 20;
  result.cpus = 1;
  result.group_version = 1;
  result.rows = {row_of("a", {2, 2}), row_of("b", {4, 4})};
  result.rows[0].started = 260;
  result.rows[0].fitted = 256;
  result.rows[0].charged_bytes = 512 << 20;
  result.rows[0].limit = "memory";
  const auto table = to_table(result);
  EXPECT_NE(table.find("512 MiB and 1 CPU"), std::string::npos) << table;
  EXPECT_NE(table.find("a takes 0.50 of the time of b to start"), std::string::npos) << table;
  const auto json = to_json(result);
  EXPECT_EQ(json["contenders"][0]["started"], 260);
  EXPECT_EQ(json["contenders"][0]["fitted"], 256);
  EXPECT_EQ(json["contenders"][0]["limit"], "memory");
  EXPECT_EQ(json["contenders"][1]["startup_ms"]["median"], 4);
  EXPECT_EQ(json["contenders"][1]["starts"].size(), 2u);
}

}  // namespace
}  // namespace tacit::bench
