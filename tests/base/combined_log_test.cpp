#include <gtest/gtest.h>
#include <fstream>
#include <string>
#include <tacit/base/combined_log.hpp>

namespace tacit::base {
namespace {

constexpr std::string_view whole =
    R"(10.0.0.7 - alice [17/May/2015:10:05:03 +0200] "GET /a?b=c HTTP/1.1" 200 203023 )"
    R"("http://example.org/" "Agent \"quoted\" 1.0")";

std::string parse_error(std::string_view line) {
  combined_log_line out;
  const char* wrong = parse_combined_log(line, out);
  return wrong == nullptr ? "" : wrong;
}

TEST(combined_log, reads_every_field) {
  combined_log_line line;
  ASSERT_EQ(parse_combined_log(whole, line), nullptr);
  EXPECT_EQ(line.client, "10.0.0.7");
  EXPECT_EQ(line.time_s, 1'431'849'903);  // 08:05:03 UTC
  EXPECT_EQ(line.method, "GET");
  EXPECT_EQ(line.target, "/a?b=c");
  EXPECT_EQ(line.protocol, "HTTP/1.1");
  EXPECT_EQ(line.status, 200);
  EXPECT_EQ(line.bytes, 203'023u);
  EXPECT_EQ(line.referrer, "http://example.org/");
  EXPECT_EQ(line.user_agent, R"(Agent \"quoted\" 1.0)");
}

TEST(combined_log, reads_the_common_format_without_referrer_and_agent) {
  combined_log_line line;
  ASSERT_EQ(
      parse_combined_log(R"(::1 - - [29/Feb/2024:23:59:59 -0330] "HEAD / HTTP/1.0" 304 -)", line),
      nullptr);
  EXPECT_EQ(line.time_s, 1'709'263'799);
  EXPECT_FALSE(line.bytes.has_value());
  EXPECT_TRUE(line.referrer.empty());
  EXPECT_TRUE(line.user_agent.empty());
}

TEST(combined_log, dashes_mean_absent) {
  combined_log_line line;
  ASSERT_EQ(parse_combined_log(
                R"(h - - [01/Jan/1970:00:00:00 +0000] "POST /x HTTP/1.1" 204 - "-" "-")", line),
            nullptr);
  EXPECT_EQ(line.time_s, 0);
  EXPECT_FALSE(line.bytes.has_value());
  EXPECT_TRUE(line.referrer.empty());
  EXPECT_TRUE(line.user_agent.empty());
}

TEST(combined_log, ignores_fields_after_the_user_agent) {
  combined_log_line line;
  const auto longer = std::string{whole} + " \"10.1.1.1\" 0.004";
  ASSERT_EQ(parse_combined_log(longer, line), nullptr);
  EXPECT_EQ(line.user_agent, R"(Agent \"quoted\" 1.0)");
}

TEST(combined_log, a_user_name_may_contain_spaces) {
  combined_log_line line;
  EXPECT_EQ(parse_combined_log(
                R"(h - a b [01/Jan/1970:00:00:01 +0000] "GET / HTTP/1.1" 200 1 "-" "-")", line),
            nullptr);
  EXPECT_EQ(line.time_s, 1);
}

TEST(combined_log, only_a_get_may_lack_its_protocol) {
  combined_log_line line;
  ASSERT_EQ(parse_combined_log(R"(h - - [01/Jan/1970:00:00:00 +0000] "GET /old" 200 1)", line),
            nullptr);
  EXPECT_EQ(line.target, "/old");
  EXPECT_TRUE(line.protocol.empty());
  EXPECT_EQ(parse_error(R"(h - - [01/Jan/1970:00:00:00 +0000] "PUT /old" 200 1)"),
            "the request line does not end with a protocol");
}

TEST(combined_log, says_what_is_wrong) {
  const auto with = [](std::string_view request, std::string_view status = "200",
                       std::string_view bytes = "1") {
    return std::string{"h - - [17/May/2015:10:05:03 +0000] \""} + std::string{request} + "\" " +
           std::string{status} + " " + std::string{bytes} + R"( "-" "-")";
  };
  EXPECT_EQ(parse_error(""), "there is no client address");
  EXPECT_EQ(parse_error("word"), "there is no client address");
  EXPECT_EQ(parse_error("h - - nothing"), "there is no user followed by a time in brackets");
  EXPECT_EQ(parse_error(with("-")), "the request line has no target");
  EXPECT_EQ(parse_error(with(R"(\x16\x03\x01)")), "the request line does not start with a method");
  EXPECT_EQ(parse_error(with("GET")), "the request line has no target");
  EXPECT_EQ(parse_error(with("GET  HTTP/1.1")), "the request line has no target");
  EXPECT_EQ(parse_error(with("GET /a b HTTP/1.1")), "the target contains a space");
  EXPECT_EQ(parse_error(with("GET /a SPDY/3")), "the request line does not end with a protocol");
  EXPECT_EQ(parse_error(with("GET / HTTP/1.1", "600")),
            "the status is not a number from 100 to 599");
  EXPECT_EQ(parse_error(with("GET / HTTP/1.1", "-1")),
            "the status is not a number from 100 to 599");
  EXPECT_EQ(parse_error(with("GET / HTTP/1.1", "200", "many")),
            "the size is neither a number nor \"-\"");
  EXPECT_EQ(parse_error(with("GET / HTTP/1.1", "200", "99999999999999999999")),
            "the size is neither a number nor \"-\"");
}

TEST(combined_log, refuses_impossible_times) {
  for (const char* time :
       {"31/Feb/2015:10:05:03 +0000", "17/Mai/2015:10:05:03 +0000", "17/May/2015:24:05:03 +0000",
        "17/May/2015:10:60:03 +0000", "17/May/2015:10:05:61 +0000", "17/May/2015 10:05:03 +0000",
        "17/May/2015:10:05:03 0000", "7/May/2015:10:05:03 +0000", ""}) {
    EXPECT_NE(parse_error(std::string{"h - - ["} + time + R"(] "GET / HTTP/1.1" 200 1)"), "")
        << time;
  }
}

TEST(combined_log, every_cut_of_a_line_is_refused_or_is_the_common_format) {
  const auto size_end = whole.find(" \"http");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto error = parse_error(whole.substr(0, length));
    // A cut inside the size, or right after it, leaves a whole line of the common format.
    const bool whole_line = length > whole.find("203023") && length <= size_end;
    EXPECT_EQ(error.empty(), whole_line) << "cut after " << length << " bytes: " << error;
  }
}

TEST(combined_log, reads_every_line_of_real_traffic) {
  std::ifstream log{TACIT_REPOSITORY "/../shared/data/access.log"};
  if (!log) GTEST_SKIP() << "../shared/data/access.log is not here";
  std::size_t lines = 0;
  std::uint64_t bytes = 0;
  for (std::string text; std::getline(log, text); ++lines) {
    combined_log_line line;
    ASSERT_EQ(parse_combined_log(text, line), nullptr) << text;
    bytes += line.bytes.value_or(0);
  }
  EXPECT_EQ(lines, 9'999u);
  EXPECT_GT(bytes, 2'000'000'000u);
}

}  // namespace
}  // namespace tacit::base
