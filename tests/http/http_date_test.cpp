#include "http/http_date.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>

#include "sync/seed.hpp"

namespace tacit::http {
namespace {

constexpr std::int64_t of_the_rfc = 784111777;   // Its example: 6 November 1994, 08:49:37.
constexpr std::int64_t in_2026 = 1'795'000'000;  // November 2026.

std::optional<std::int64_t> parse(std::string_view text, std::int64_t now = in_2026) {
  return parse_http_date(text, now);
}

TEST(http_date, is_written_as_the_rfc_has_it) {
  EXPECT_EQ(http_date(of_the_rfc).text(), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0).text(), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(-1).text(), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(http_date(951782400).text(), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(http_date, all_three_forms_are_read) {
  EXPECT_EQ(parse("Sun, 06 Nov 1994 08:49:37 GMT"), of_the_rfc);
  EXPECT_EQ(parse("Sunday, 06-Nov-94 08:49:37 GMT"), of_the_rfc);
  EXPECT_EQ(parse("Sun Nov  6 08:49:37 1994"), of_the_rfc);
  EXPECT_EQ(parse("Wed Nov 16 08:49:37 1994"), of_the_rfc + 10 * 86400);
}

TEST(http_date, a_two_digit_year_is_at_most_fifty_years_ahead) {
  EXPECT_EQ(parse("Sunday, 06-Nov-76 08:49:37 GMT"), parse("Fri, 06 Nov 2076 08:49:37 GMT"));
  EXPECT_EQ(parse("Sunday, 06-Nov-77 08:49:37 GMT"), parse("Sun, 06 Nov 1977 08:49:37 GMT"));
}

TEST(http_date, a_leap_second_is_read) {
  EXPECT_EQ(parse("Sat, 31 Dec 2016 23:59:60 GMT"), parse("Sun, 01 Jan 2017 00:00:00 GMT"));
}

TEST(http_date, what_is_no_date_is_refused) {
  for (const char* text : {"",
                           "0",
                           "Sun",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 nov 1994 08:49:37 GMT",
                           "Son, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 29 Feb 1994 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "Sun, 06 Nov -994 08:49:37 GMT"}) {
    EXPECT_EQ(parse(text), std::nullopt) << text;
  }
}

TEST(http_date_property, what_is_written_is_read_back) {
  std::mt19937_64 random(tests::seed());
  for (int round = 0; round < 20000; ++round) {
    const auto second = static_cast<std::int64_t>(random() % 253402300800);  // Up to the year 9999.
    ASSERT_EQ(parse(http_date(second).text()), second);
  }
}

TEST(http_date_property, a_date_with_one_byte_changed_is_read_or_refused) {
  std::mt19937_64 random(tests::seed());
  for (int round = 0; round < 20000; ++round) {
    std::string text(http_date(static_cast<std::int64_t>(random() % 4102444800)).text());
    text[random() % text.size()] = static_cast<char>(random());
    const auto found = parse(text);
    const bool is_leap_second = text.substr(23, 2) == "60";
    if (found && !is_leap_second) {
      ASSERT_EQ(std::string(http_date(*found).text()).substr(5, 20), text.substr(5, 20)) << text;
    }
  }
}

}  // namespace
}  // namespace tacit::http
