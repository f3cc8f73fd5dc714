#include <tacit/http/byte_range.hpp>

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "sync/seed.hpp"

namespace tacit::http {

void PrintTo(const byte_range& range, std::ostream* out) {
  *out << range.first << '-' << range.last;
}

namespace {

using outcome = byte_ranges::outcome;
using list = std::vector<byte_range>;

list some(std::string_view field, std::uint64_t length) {
  const auto found = byte_ranges::parse(field, length);
  EXPECT_EQ(found.result(), outcome::some) << field;
  return {found.ranges().begin(), found.ranges().end()};
}

outcome result(std::string_view field, std::uint64_t length = 1000) {
  return byte_ranges::parse(field, length).result();
}

TEST(byte_range, first_and_last_are_inclusive) {
  EXPECT_EQ(some("bytes=0-499", 10000), (list{{0, 499}}));
  EXPECT_EQ(some("bytes=500-999", 10000), (list{{500, 999}}));
  EXPECT_EQ(some("bytes=7-7", 10000), (list{{7, 7}}));
}

TEST(byte_range, an_open_range_goes_to_the_end) {
  EXPECT_EQ(some("bytes=9500-", 10000), (list{{9500, 9999}}));
  EXPECT_EQ(some("bytes=0-", 10000), (list{{0, 9999}}));
}

TEST(byte_range, a_suffix_is_counted_from_the_end) {
  EXPECT_EQ(some("bytes=-500", 10000), (list{{9500, 9999}}));
  EXPECT_EQ(some("bytes=-1", 10000), (list{{9999, 9999}}));
}

TEST(byte_range, what_lies_behind_the_end_is_cut_off) {
  EXPECT_EQ(some("bytes=500-99999", 1000), (list{{500, 999}}));
  EXPECT_EQ(some("bytes=-99999", 1000), (list{{0, 999}}));
}

TEST(byte_range, numbers_of_any_size_are_understood) {
  EXPECT_EQ(some("bytes=5-99999999999999999999999999", 1000), (list{{5, 999}}));
  EXPECT_EQ(some("bytes=-18446744073709551616", 1000), (list{{0, 999}}));
  EXPECT_EQ(some("bytes=000000000000000000000000000005-6", 1000), (list{{5, 6}}));
  EXPECT_EQ(result("bytes=99999999999999999999999999-"), outcome::unsatisfiable);
}

TEST(byte_range, several_keep_their_order) {
  EXPECT_EQ(some("bytes=500-600, 0-99 ,\t-1", 10000), (list{{500, 600}, {0, 99}, {9999, 9999}}));
  EXPECT_EQ(some("bytes=,0-99,,  ,500-600,", 10000), (list{{0, 99}, {500, 600}}));
}

TEST(byte_range, the_unit_is_compared_without_case) {
  EXPECT_EQ(some("Bytes=0-1", 10), (list{{0, 1}}));
}

TEST(byte_range, one_that_cannot_be_satisfied_is_left_out_beside_one_that_can) {
  EXPECT_EQ(some("bytes=5000-6000, 0-0", 1000), (list{{0, 0}}));
}

TEST(byte_range, none_that_can_be_satisfied_is_said_so) {
  EXPECT_EQ(result("bytes=1000-"), outcome::unsatisfiable);
  EXPECT_EQ(result("bytes=1000-2000,3000-"), outcome::unsatisfiable);
  EXPECT_EQ(result("bytes=-0"), outcome::unsatisfiable);
}

TEST(byte_range, a_malformed_field_is_ignored) {
  for (const char* field :
       {"",           "bytes",       "bytes=",       "bytes= ",     "bytes=,",       "bytes=-",
        "bytes=a-b",  "bytes=1",     "bytes=5-4",    "bytes=0-1,x", "bytes=0-1;2-3", "bytes=--1",
        "bytes=1--2", "bytes=1-2-3", "bytes=+1-2",   "bytes=0x1-2", "bytes=1 - 2",   "bytes:0-1",
        "bytes =0-1", "0-1",         "bytes=\"0-1\""}) {
    EXPECT_EQ(result(field), outcome::whole) << field;
  }
}

TEST(byte_range, other_units_are_ignored) {
  EXPECT_EQ(result("seconds=0-1"), outcome::whole);
  EXPECT_EQ(result("none=0-1"), outcome::whole);
}

TEST(byte_range, nothing_of_an_empty_representation_can_be_had) {
  EXPECT_EQ(result("bytes=0-", 0), outcome::unsatisfiable);
  EXPECT_EQ(result("bytes=0-0", 0), outcome::unsatisfiable);
  EXPECT_EQ(result("bytes=-0", 0), outcome::unsatisfiable);
  EXPECT_EQ(result("bytes=-5", 0), outcome::whole);
}

TEST(byte_range, ranges_that_overlap_are_joined) {
  EXPECT_EQ(some("bytes=0-500,400-900", 10000), (list{{0, 900}}));
  EXPECT_EQ(some("bytes=400-900,0-500", 10000), (list{{0, 900}}));
  EXPECT_EQ(some("bytes=0-,0-,0-,0-", 10000), (list{{0, 9999}}));
}

TEST(byte_range, a_small_gap_is_sent_along) {
  EXPECT_EQ(some("bytes=0-0,81-81", 10000), (list{{0, 0}, {81, 81}}));
  EXPECT_EQ(some("bytes=0-0,80-80", 10000), (list{{0, 80}}));
  EXPECT_EQ(some("bytes=80-80,0-0", 10000), (list{{0, 80}}));
}

TEST(byte_range, one_range_may_join_all_before_it) {
  EXPECT_EQ(some("bytes=0-9,1000-1009,2000-2009,5-2005", 10000), (list{{0, 2009}}));
  EXPECT_EQ(some("bytes=5000-5001,0-9,9000-9001,2000-2009,5-2005", 10000),
            (list{{5000, 5001}, {0, 2009}, {9000, 9001}}));
}

TEST(byte_range, more_than_the_bound_is_ignored) {
  std::string field = "bytes=0-0";
  for (std::size_t i = 1; i < byte_ranges::count_max; ++i)
    field += ',' + std::to_string(i * 1000) + '-' + std::to_string(i * 1000);
  EXPECT_EQ(some(field, 1'000'000).size(), byte_ranges::count_max);
  EXPECT_EQ(result(field + ",999999-", 1'000'000), outcome::whole);
}

std::string random_field(std::mt19937_64& random, std::uint64_t length) {
  std::string field = "bytes=";
  const auto number = [&] { return std::to_string(random() % (length + length / 4 + 2)); };
  const auto count = 1 + random() % byte_ranges::count_max;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) field += ',';
    switch (random() % 3) {
      case 0:
        field += '-' + number();
        break;
      case 1:
        field += number() + '-';
        break;
      default: {
        const auto first = random() % (length + 2);
        field += std::to_string(first) + '-' + std::to_string(first + random() % 200);
      }
    }
  }
  return field;
}

// Which bytes are asked for, in the plainest way.
std::vector<bool> asked_for(std::string field, std::uint64_t length) {
  std::vector<bool> wanted(length);
  field = field.substr(6) + ',';
  while (!field.empty()) {
    const std::string one = field.substr(0, field.find(','));
    field.erase(0, one.size() + 1);
    const auto dash = one.find('-');
    const std::string before = one.substr(0, dash);
    const std::string behind = one.substr(dash + 1);
    std::uint64_t first =
        before.empty() ? length - std::min<std::uint64_t>(length, stoull(behind)) : stoull(before);
    const std::uint64_t end = before.empty() || behind.empty() ? length : stoull(behind) + 1;
    for (; first < std::min(end, length); ++first)
      wanted[first] = true;
  }
  return wanted;
}

TEST(byte_range_property, all_that_is_asked_for_is_there_once_and_only_small_gaps_besides) {
  std::mt19937_64 random(tests::seed());
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t length = 1 + random() % 3000;
    const std::string field = random_field(random, length);
    const auto wanted = asked_for(field, length);
    const auto found = byte_ranges::parse(field, length);
    std::vector<int> times(length);
    for (const byte_range& each : found.ranges()) {
      ASSERT_LE(each.first, each.last) << field;
      ASSERT_LT(each.last, length) << field;
      for (auto i = each.first; i <= each.last; ++i)
        ++times[i];
    }
    std::uint64_t gap = 0;
    for (std::uint64_t i = 0; i < length; ++i) {
      ASSERT_LE(times[i], 1) << field << ' ' << length;
      if (wanted[i]) {
        ASSERT_EQ(times[i], 1) << field << ' ' << length;
      }
      gap = wanted[i] || times[i] == 0 ? 0 : gap + 1;
      ASSERT_LT(gap, byte_ranges::gap_min) << field << ' ' << length;
    }
    const bool nothing = std::find(wanted.begin(), wanted.end(), true) == wanted.end();
    ASSERT_EQ(found.result(), nothing ? outcome::unsatisfiable : outcome::some) << field;
  }
}

TEST(byte_range_property, any_bytes_give_ranges_within_the_representation) {
  std::mt19937_64 random(tests::seed());
  const std::string_view alphabet = "0123456789-,=bytes \t;\"";
  for (int round = 0; round < 20000; ++round) {
    std::string field = random() % 4 ? "bytes=" : "";
    for (auto left = random() % 40; left > 0; --left)
      field += alphabet[random() % alphabet.size()];
    const std::uint64_t length = random() % 500;
    const auto found = byte_ranges::parse(field, length);
    std::uint64_t sum = 0;
    for (const byte_range& each : found.ranges()) {
      ASSERT_LE(each.first, each.last) << field;
      ASSERT_LT(each.last, length) << field;
      sum += each.length();
    }
    ASSERT_LE(sum, length) << field;
    ASSERT_EQ(found.ranges().empty(), found.result() != outcome::some) << field;
  }
}

}  // namespace
}  // namespace tacit::http
