#include <tacit/http/preconditions.hpp>

#include <gtest/gtest.h>
#include <memory_resource>
#include <random>
#include <string>

#include "http/http_date.hpp"
#include "sync/seed.hpp"

namespace tacit::http {

void PrintTo(precondition value, std::ostream* out) {
  constexpr const char* names[] = {"holds", "not_modified", "failed"};
  *out << names[static_cast<int>(value)];
}

namespace {

using enum precondition;

constexpr const char* before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* after = "Sun, 06 Nov 1994 08:49:38 GMT";

constexpr validators present{"\"abc\"", 784111777};

struct asked : request {
  asked(std::initializer_list<field> with, http::method on = method::get)
      : request(*std::pmr::new_delete_resource()) {
    fields.assign(with.begin(), with.end());
    method = on;
  }
};

precondition check(std::initializer_list<field> with, http::method on = method::get,
                   const validators& against = present) {
  return check_preconditions(asked(with, on), against);
}

TEST(preconditions, none_hold) {
  EXPECT_EQ(check({}), holds);
  EXPECT_EQ(check({{"Accept", "*/*"}}), holds);
}

TEST(preconditions, tags_compare_strongly_or_weakly) {
  // The table of RFC 9110 section 8.8.3.2.
  EXPECT_FALSE(same_strongly("W/\"1\"", "W/\"1\""));
  EXPECT_TRUE(same_weakly("W/\"1\"", "W/\"1\""));
  EXPECT_FALSE(same_weakly("W/\"1\"", "W/\"2\""));
  EXPECT_FALSE(same_strongly("W/\"1\"", "\"1\""));
  EXPECT_TRUE(same_weakly("W/\"1\"", "\"1\""));
  EXPECT_TRUE(same_strongly("\"1\"", "\"1\""));
  EXPECT_FALSE(same_weakly("1", "1"));
  EXPECT_FALSE(same_weakly("w/\"1\"", "\"1\""));
}

TEST(preconditions, if_none_match_answers_what_the_client_has) {
  EXPECT_EQ(check({{"If-None-Match", "\"abc\""}}), not_modified);
  EXPECT_EQ(check({{"If-None-Match", "W/\"abc\""}}), not_modified);
  EXPECT_EQ(check({{"If-None-Match", "*"}}), not_modified);
  EXPECT_EQ(check({{"if-none-match", "\"x\", \"abc\""}}), not_modified);
  EXPECT_EQ(check({{"If-None-Match", ",,\"x,y\" ,W/\"abc\","}}), not_modified);
  EXPECT_EQ(check({{"If-None-Match", "\"x\""}}), holds);
  EXPECT_EQ(check({{"If-None-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}), not_modified);
}

TEST(preconditions, if_none_match_refuses_other_methods) {
  EXPECT_EQ(check({{"If-None-Match", "*"}}, method::put), failed);
  EXPECT_EQ(check({{"If-None-Match", "\"abc\""}}, method::post), failed);
  EXPECT_EQ(check({{"If-None-Match", "\"x\""}}, method::put), holds);
  EXPECT_EQ(check({{"If-None-Match", "\"abc\""}}, method::head), not_modified);
}

TEST(preconditions, malformed_tags_match_nothing) {
  for (const char* list : {"abc", "\"abc", "abc\"", "W/abc", "W/ \"abc\"", "\"a\"\"abc\"",
                           "x, \"abc\"", "\"a b\", \"abc\"", "\"abc\"x", "\"\x01\", \"abc\""}) {
    const auto expected = std::string_view(list) == "\"abc\"x" ? not_modified : holds;
    EXPECT_EQ(check({{"If-None-Match", list}}), expected) << list;
  }
}

TEST(preconditions, if_match_wants_the_very_bytes) {
  EXPECT_EQ(check({{"If-Match", "\"abc\""}}), holds);
  EXPECT_EQ(check({{"If-Match", "*"}}), holds);
  EXPECT_EQ(check({{"If-Match", "\"x\", \"abc\""}}), holds);
  EXPECT_EQ(check({{"If-Match", "\"x\""}}), failed);
  EXPECT_EQ(check({{"If-Match", "W/\"abc\""}}), failed);
  EXPECT_EQ(check({{"If-Match", "\"abc\""}}, method::get, {"W/\"abc\"", {}}), failed);
  EXPECT_EQ(check({{"If-Match", "nonsense"}}), failed);
}

TEST(preconditions, dates_are_compared_to_the_last_modification) {
  EXPECT_EQ(check({{"If-Modified-Since", before}}), holds);
  EXPECT_EQ(check({{"If-Modified-Since", same}}), not_modified);
  EXPECT_EQ(check({{"If-Modified-Since", after}}), not_modified);
  EXPECT_EQ(check({{"If-Unmodified-Since", before}}), failed);
  EXPECT_EQ(check({{"If-Unmodified-Since", same}}), holds);
  EXPECT_EQ(check({{"If-Unmodified-Since", after}}), holds);
}

TEST(preconditions, dates_that_say_nothing_are_ignored) {
  EXPECT_EQ(check({{"If-Modified-Since", "yesterday"}}), holds);
  EXPECT_EQ(check({{"If-Unmodified-Since", "yesterday"}}), holds);
  EXPECT_EQ(check({{"If-Modified-Since", after}}, method::post), holds);
  EXPECT_EQ(check({{"If-Modified-Since", after}}, method::get, {"\"abc\"", {}}), holds);
  EXPECT_EQ(check({{"If-Unmodified-Since", before}}, method::get, {"\"abc\"", {}}), holds);
}

TEST(preconditions, tags_win_over_dates) {
  EXPECT_EQ(check({{"If-None-Match", "\"x\""}, {"If-Modified-Since", after}}), holds);
  EXPECT_EQ(check({{"If-None-Match", "\"abc\""}, {"If-Modified-Since", before}}), not_modified);
  EXPECT_EQ(check({{"If-Match", "\"abc\""}, {"If-Unmodified-Since", before}}), holds);
  EXPECT_EQ(check({{"If-Match", "\"x\""}, {"If-Unmodified-Since", after}}), failed);
}

TEST(preconditions, a_failed_one_wins_over_one_that_finds_nothing_modified) {
  EXPECT_EQ(check({{"If-None-Match", "\"abc\""}, {"If-Match", "\"x\""}}), failed);
  EXPECT_EQ(check({{"If-None-Match", "\"abc\""}, {"If-Unmodified-Since", before}}), failed);
  EXPECT_EQ(check({{"If-Match", "\"abc\""}, {"If-None-Match", "\"abc\""}}), not_modified);
}

TEST(preconditions, if_range_holds_for_what_is_there) {
  EXPECT_TRUE(if_range_holds(asked({}), present));
  EXPECT_TRUE(if_range_holds(asked({{"If-Range", "\"abc\""}}), present));
  EXPECT_TRUE(if_range_holds(asked({{"If-Range", same}}), present));
}

TEST(preconditions, if_range_fails_for_anything_else) {
  for (const char* value :
       {"\"x\"", "W/\"abc\"", "\"abc\", \"abc\"", before, after, "nonsense", ""}) {
    EXPECT_FALSE(if_range_holds(asked({{"If-Range", value}}), present)) << value;
  }
  EXPECT_FALSE(if_range_holds(asked({{"If-Range", "W/\"abc\""}}), {"W/\"abc\"", {}}));
  EXPECT_FALSE(if_range_holds(asked({{"If-Range", same}}), {"\"abc\"", {}}));
}

TEST(preconditions, if_range_does_not_trust_the_present_second) {
  const std::int64_t future = present_second() + 3600;
  const http_date date(future);
  EXPECT_FALSE(if_range_holds(asked({{"If-Range", date.text()}}), {"\"abc\"", future}));
}

TEST(preconditions_property, a_tag_is_found_wherever_it_stands) {
  std::mt19937_64 random(tests::seed());
  const auto tag = [&] {
    std::string text = random() % 2 ? "W/\"" : "\"";
    for (auto left = random() % 6; left > 0; --left)
      text += ",!#xyz~\x80"[random() % 8];
    return text + '"';
  };
  for (int round = 0; round < 5000; ++round) {
    const std::string wanted = tag();
    std::string list;
    const auto count = 1 + random() % 5;
    const auto place = random() % count;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) list += random() % 2 ? ", " : ",,\t";
      list += i == place ? wanted : tag();
    }
    ASSERT_EQ(check({{"If-None-Match", list}}, method::get, {wanted, {}}), not_modified)
        << wanted << " in " << list;
  }
}

TEST(preconditions_property, any_bytes_are_judged) {
  std::mt19937_64 random(tests::seed());
  const std::string_view alphabet = "W/\"abc*, \t";
  for (int round = 0; round < 20000; ++round) {
    std::string value;
    for (auto left = random() % 20; left > 0; --left)
      value += alphabet[random() % alphabet.size()];
    const auto none_match = check({{"If-None-Match", value}});
    ASSERT_NE(none_match, failed) << value;
    if (none_match == not_modified && value != "*") {
      ASSERT_NE(value.find("\"abc\""), std::string::npos) << value;
    }
    ASSERT_NE(check({{"If-Match", value}}), not_modified) << value;
  }
}

}  // namespace
}  // namespace tacit::http
