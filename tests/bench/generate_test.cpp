#include "bench/generate.hpp"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "bench/formats/combined_log.hpp"

namespace tacit::bench {
namespace {

TEST(generated_log, is_a_function_of_its_arguments) {
  EXPECT_EQ(generated_log(500, 3), generated_log(500, 3));
  EXPECT_NE(generated_log(500, 3), generated_log(500, 4));
}

TEST(generated_log, looks_like_the_traffic_of_a_site) {
  const auto log = formats::parse_combined_log_text(generated_log(10'000, 1), "generated");
  ASSERT_EQ(log.records.size(), 10'000u);
  EXPECT_EQ(log.rejected.count, 0u);
  std::map<std::string_view, std::size_t> targets;
  std::set<std::string_view> methods;
  std::set<int> statuses;
  for (const auto& line : log.records) {
    ++targets[line.target];
    methods.insert(line.method);
    statuses.insert(line.status);
    EXPECT_FALSE(line.user_agent.empty());
  }
  EXPECT_EQ(methods, (std::set<std::string_view>{"GET", "HEAD", "POST"}));
  EXPECT_EQ(statuses, (std::set<int>{200, 206, 301, 304, 404, 500}));
  EXPECT_GT(targets.size(), 200u);
  EXPECT_GT(targets.at("/"), 10'000u / 20);  // the most popular stands out
  EXPECT_GE(formats::period_ns(log.records), 200'000'000'000);
}

TEST(generated_log, arrivals_swell_and_ebb) {
  const auto log = formats::parse_combined_log_text(generated_log(20'000, 1), "generated");
  std::map<std::int64_t, std::size_t> per_ten_seconds;
  for (const auto& line : log.records)
    ++per_ten_seconds[line.time_s / 10];
  std::size_t lowest = log.records.size();
  std::size_t highest = 0;
  for (const auto& [time, count] : per_ten_seconds) {
    lowest = std::min(lowest, count);
    highest = std::max(highest, count);
  }
  EXPECT_GT(highest, 3 * lowest);
}

}  // namespace
}  // namespace tacit::bench
