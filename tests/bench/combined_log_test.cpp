#include "bench/formats/combined_log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <fstream>
#include <tacit/base/error.hpp>

#include "bench/report.hpp"

namespace tacit::bench::formats {
namespace {

std::string line(const std::string& time, const std::string& target) {
  return fmt::format("h - - [17/May/2015:10:{} +0000] \"GET {} HTTP/1.1\" 200 5 \"-\" \"-\"\n",
                     time, target);
}

TEST(combined_log_reader, sorts_by_time_and_keeps_the_order_within_a_second) {
  const auto log = parse_combined_log_text(
      line("00:02", "/c") + line("00:01", "/a") + line("00:01", "/b") + line("00:00", "/0"), "log");
  std::string order;
  for (const auto& record : log.records)
    order += record.target;
  EXPECT_EQ(order, "/0/a/b/c");
}

TEST(combined_log_reader, counts_and_names_lines_that_do_not_parse) {
  const auto log = parse_combined_log_text(
      "\n" + line("00:00", "/a") + "garbage\n" + line("00:01", "/b c") + line("00:01", "/d"),
      "log");
  EXPECT_EQ(log.records.size(), 2u);
  ASSERT_EQ(log.rejected.count, 3u);
  EXPECT_EQ(log.rejected.listed[0].number, 1u);
  EXPECT_EQ(log.rejected.listed[1].number, 3u);
  EXPECT_EQ(log.rejected.listed[2].number, 4u);
  EXPECT_EQ(log.rejected.listed[2].reason, "the target contains a space");
  EXPECT_NE(describe_rejected(log.rejected, log.records.size(), "f.log")
                .find("line 4: the target contains a space"),
            std::string::npos);
  EXPECT_EQ(rejected_to_json(log.rejected, log.records.size())["rejected"], 3);
}

TEST(combined_log_reader, lists_rejected_lines_up_to_a_bound_and_counts_all) {
  std::string text = line("00:00", "/a");
  for (std::size_t i = 0; i < rejections::listed_max + 5; ++i)
    text += "garbage\n";
  const auto log = parse_combined_log_text(text, "log");
  EXPECT_EQ(log.rejected.count, rejections::listed_max + 5);
  EXPECT_EQ(log.rejected.listed.size(), rejections::listed_max);
}

TEST(combined_log_reader, takes_line_ends_of_both_kinds_and_a_last_line_without) {
  auto text = line("00:00", "/a");
  text.insert(text.size() - 1, "\r");
  auto last = line("00:01", "/b");
  last.pop_back();
  const auto log = parse_combined_log_text(text + last, "log");
  EXPECT_EQ(log.records.size(), 2u);
  EXPECT_EQ(log.rejected.count, 0u);
}

TEST(combined_log_reader, a_tunnel_request_is_reported_and_not_replayed) {
  const auto log = parse_combined_log_text(
      line("00:00", "/a") +
          "h - - [17/May/2015:10:00:00 +0000] \"CONNECT a:443 HTTP/1.1\" 405 0 \"-\" \"-\"\n",
      "log");
  EXPECT_EQ(log.records.size(), 1u);
  EXPECT_EQ(log.rejected.count, 1u);
}

TEST(combined_log_reader, a_log_without_requests_fails_in_one_line) {
  const auto message = [](const std::string& text) {
    try {
      (void)parse_combined_log_text(text, "some.log");
    } catch (const base::failure& failure) {
      return failure.message;
    }
    return std::string{"no failure"};
  };
  EXPECT_EQ(message(""), "some.log: the log is empty");
  EXPECT_EQ(message("\nx"),
            "some.log: no line is in combined log format; line 1: the line is empty");
  EXPECT_THROW((void)read_combined_log("/nonexistent/log"), base::failure);
  EXPECT_THROW((void)read_combined_log("/"), base::failure);
}

TEST(spread_times, stay_inside_their_second_and_never_descend) {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += line(fmt::format("00:{:02}", i % 3), "/a");
  const auto log = parse_combined_log_text(text, "log");
  const auto times = spread_times(log.records, 9);
  ASSERT_EQ(times.size(), 300u);
  EXPECT_EQ(times.front(), 0);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  // Times count from the first request, which lies anywhere in the first second.
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto second = log.records[i].time_s - log.records[0].time_s;
    EXPECT_LT(times[i], (second + 1) * 1'000'000'000);
    EXPECT_GT(times[i], (second - 1) * 1'000'000'000);
  }
  // 100 draws of one second do not crowd into a tenth of it.
  EXPECT_GT(times[199] - times[100], 500'000'000);
  EXPECT_GE(period_ns(log.records), times.back());
}

TEST(spread_times, are_a_function_of_the_seed) {
  const auto log = parse_combined_log_text(
      line("00:00", "/a") + line("00:00", "/b") + line("00:09", "/c"), "log");
  EXPECT_EQ(spread_times(log.records, 1), spread_times(log.records, 1));
  EXPECT_NE(spread_times(log.records, 1), spread_times(log.records, 2));
}

TEST(combined_log_reader, takes_every_line_of_real_traffic) {
  const std::string path = TACIT_REPOSITORY "/../shared/data/access.log";
  if (!std::ifstream{path}) GTEST_SKIP() << "../shared/data/access.log is not here";
  const auto log = read_combined_log(path);
  EXPECT_EQ(log.records.size(), 9'999u);
  EXPECT_EQ(log.rejected.count, 0u);
  const auto times = spread_times(log.records, 1);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
}

}  // namespace
}  // namespace tacit::bench::formats
