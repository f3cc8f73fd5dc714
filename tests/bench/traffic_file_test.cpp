#include "bench/traffic_file.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

#include "bench/expectations.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench {
namespace {

const expectations nothing{std::vector<std::string>{}};

const std::string log_text =
    "h - - [17/May/2015:10:00:00 +0000] \"GET /a/1 HTTP/1.1\" 200 5 \"-\" \"agent\"\n"
    "h - - [17/May/2015:10:00:02 +0000] \"POST /b HTTP/1.1\" 200 5\n";

replay_options options_for(const std::string& path) {
  replay_options out;
  out.log_path = path;
  return out;
}

TEST(traffic_file, a_log_gives_requests_with_times_and_checked_answers) {
  const support::temporary_folder folder;
  auto options = options_for(folder.write("access.log", log_text));
  options.check = check_kind::status;
  const auto file = read_traffic(options, "h:1", nothing);
  ASSERT_EQ(file.source.size(), 2u);
  EXPECT_EQ(file.source.at(0).wire, "GET /a/1 HTTP/1.1\r\nHost: h:1\r\nUser-Agent: agent\r\n\r\n");
  EXPECT_EQ(file.source.at(0).expected.status, 200);
  ASSERT_TRUE(file.times_ns);
  EXPECT_EQ(file.times_ns->size(), 2u);
  EXPECT_EQ(file.period_ns, 3'000'000'000);
}

TEST(traffic_file, filters_take_their_times_along_and_rewrites_change_the_wire) {
  const support::temporary_folder folder;
  auto options = options_for(folder.write("access.log", log_text));
  options.filter.keep = {"^GET "};
  options.filter.rewrites = {"^/a/([0-9])=>/v2/\\1"};
  options.filter.fields = {{"user-agent", ""}, {"X-Test", "1"}};
  options.host = "shop.example";
  const auto file = read_traffic(options, "h:1", nothing);
  ASSERT_EQ(file.source.size(), 1u);
  EXPECT_EQ(file.left_out, 1u);
  EXPECT_EQ(file.times_ns->size(), 1u);
  EXPECT_EQ(file.source.at(0).wire,
            "GET /v2/1 HTTP/1.1\r\nHost: shop.example\r\nX-Test: 1\r\n\r\n");
  options.filter.drop = {"/a"};
  EXPECT_THROW((void)read_traffic(options, "h:1", nothing), base::failure);
  options.filter.drop = {"("};
  EXPECT_THROW((void)read_traffic(options, "h:1", nothing), base::failure);
}

TEST(traffic_file, the_name_says_the_format_unless_told_otherwise) {
  EXPECT_EQ(format_of("a.gor"), file_format::gor);
  EXPECT_EQ(format_of("a.har"), file_format::har);
  EXPECT_EQ(format_of("a.jsonl"), file_format::vegeta);
  EXPECT_EQ(format_of("a.txt"), file_format::urls);
  EXPECT_EQ(format_of("access.log.1"), file_format::log);
  const support::temporary_folder folder;
  auto options = options_for(folder.write("list.log", "2 /a\n/b\n"));
  options.format = file_format::urls;
  const auto file = read_traffic(options, "h:1", nothing);
  EXPECT_EQ(file.source.size(), 3u);
  EXPECT_FALSE(file.times_ns);
}

TEST(traffic_file, strict_refuses_what_is_otherwise_left_out) {
  const support::temporary_folder folder;
  auto options =
      options_for(folder.write("targets.json", "{\"method\":\"GET\",\"url\":\"/a\"}\n\x01\x02\n"));
  const auto file = read_traffic(options, "h:1", nothing);
  EXPECT_EQ(file.source.size(), 1u);
  EXPECT_EQ(file.rejected.listed.front().number, 2u);
  options.strict = true;
  EXPECT_THROW((void)read_traffic(options, "h:1", nothing), base::failure);
}

TEST(traffic_file, a_log_survives_a_cut_junk_and_a_line_of_a_million_characters) {
  const support::temporary_folder folder;
  const auto line = log_text.substr(0, log_text.find('\n') + 1);
  const std::string junk{"\x00\xff\x7f junk\n", 9};
  auto long_line = line;
  long_line.insert(long_line.find("/a/1"), "/" + std::string(1'000'000, 'x'));
  const auto path =
      folder.write("access.log", line + junk + long_line + line + line.substr(0, line.size() / 2));
  const auto file = read_traffic(options_for(path), "h:1", nothing);
  EXPECT_EQ(file.source.size(), 2u);
  ASSERT_EQ(file.rejected.count, 3u);
  EXPECT_EQ(file.rejected.listed[0].number, 2u);
  EXPECT_EQ(file.rejected.listed[1].number, 3u);
  EXPECT_EQ(file.rejected.listed[2].number, 5u);
}

}  // namespace
}  // namespace tacit::bench
