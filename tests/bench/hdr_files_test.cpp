#include <gtest/gtest.h>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <tacit/base/error.hpp>

#include "bench/formats/base64.hpp"
#include "bench/formats/hdr_encoding.hpp"
#include "bench/formats/hgrm.hpp"
#include "bench/formats/hlog.hpp"

// The golden files were written by HdrHistogram's Java library 2.1.11 (Debian's
// libhdrhistogram-java): `tests/interop/HdrInterop.java make`. It records the values of values().

namespace tacit::bench::formats {
namespace {

void add_values(std::uint64_t second, observe::histogram& into) {
  for (std::uint64_t i = 0; i < 5'000; ++i)
    into.record((i * i * 7'919 + 12'345 * second) % 50'000'000 + 100);
  into.record(6'000'000'000, 3);
}

std::string golden(const std::string& name) {
  std::ifstream file{TACIT_REPOSITORY "/tests/bench/golden/" + name};
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

void expect_same_slots(const observe::histogram& a, const observe::histogram& b) {
  ASSERT_EQ(a.count(), b.count());
  EXPECT_TRUE(std::equal(a.slots().begin(), a.slots().end(), b.slots().begin(), b.slots().end()));
}

TEST(base64, follows_the_vectors_of_its_specification) {
  // RFC 4648 section 10.
  const std::map<std::string, std::string> vectors = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
  EXPECT_FALSE(from_base64("Zg="));
  EXPECT_FALSE(from_base64("Z g="));
}

TEST(hdr_files, a_distribution_is_to_the_byte_what_the_java_library_writes) {
  observe::histogram values;
  add_values(1, values);
  add_values(2, values);
  EXPECT_EQ(to_hgrm(values), golden("java.hgrm"));
}

TEST(hdr_files, a_distribution_of_the_java_library_is_read) {
  const auto read = parse_hgrm(golden("java.hgrm"), "java.hgrm");
  EXPECT_EQ(read.count, 10'006u);
  EXPECT_DOUBLE_EQ(read.max, 6'002.049);
  EXPECT_DOUBLE_EQ(read.at_percentile(50), 25.182);
  EXPECT_DOUBLE_EQ(read.at_percentile(100), 6'002.049);
  EXPECT_THROW((void)parse_hgrm("1.0 0.5 three\n", "x"), base::failure);
  EXPECT_THROW((void)parse_hgrm("\n", "x"), base::failure);
}

TEST(hdr_files, a_log_of_the_java_library_is_read_with_its_counts_times_and_tags) {
  std::map<std::string, observe::histogram> by_tag;
  std::vector<double> starts;
  const auto rejected = parse_hlog(golden("java.hlog"), [&](const auto& at, const auto& values) {
    by_tag[std::string{at.tag}].merge(values);
    starts.push_back(at.start_s);
  });
  EXPECT_TRUE(rejected.empty());
  observe::histogram expected;
  add_values(1, expected);
  add_values(2, expected);
  expect_same_slots(by_tag[""], expected);
  // Two digits and a unit of 512: the values that share a slot with 77,777.
  EXPECT_EQ(by_tag["other"].count(), 1u);
  EXPECT_NEAR(static_cast<double>(by_tag["other"].max()), 77'777, 512);
  EXPECT_EQ(starts, (std::vector<double>{1'767'603'600.25, 1'767'603'601.25, 1'767'603'600.25}));
}

TEST(hdr_files, a_log_that_was_written_is_read_again) {
  observe::histogram values;
  add_values(3, values);
  const auto text = hlog_head(1'767'603'600.25) + hlog_line({"", 2, 1}, values) +
                    hlog_line({"service", 0, 3.5}, observe::histogram{});
  std::vector<std::string> seen;
  const auto rejected = parse_hlog(text, [&](const auto& at, const auto& read) {
    seen.push_back(std::string{at.tag} + " " + std::to_string(read.count()));
    if (at.tag.empty()) {
      EXPECT_DOUBLE_EQ(at.start_s, 1'767'603'602.25);
      expect_same_slots(read, values);
    }
  });
  EXPECT_TRUE(rejected.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{" 5003", "service 0"}));
}

TEST(hdr_files, bad_lines_of_a_log_are_named_and_the_rest_is_read) {
  observe::histogram one;
  one.record(5);
  const auto good = hlog_line({"", 0, 1}, one);
  const auto text = good + "junk\n0.0,1.0,1.0,HISTnot base64\n" + good.substr(0, good.size() - 5) +
                    "\n0.0,1.0,1.0,AAAA\n" + good;
  std::uint64_t intervals = 0;
  const auto rejected = parse_hlog(text, [&](const auto&, const auto&) { ++intervals; });
  EXPECT_EQ(intervals, 2u);
  ASSERT_EQ(rejected.count, 4u);
  EXPECT_EQ(rejected.listed[0].number, 2u);
  EXPECT_EQ(rejected.listed[3].number, 5u);
  EXPECT_EQ(rejected.listed[3].reason, "not a histogram in V2 compressed encoding");
}

TEST(hdr_encoding_property, whatever_was_recorded_comes_back) {
  const auto seed = std::random_device{}();
  std::mt19937_64 random{seed};
  for (int round = 0; round < 50; ++round) {
    observe::histogram from;
    const auto values = random() % 300;
    for (std::uint64_t i = 0; i < values; ++i)
      from.record(random() >> (22 + random() % 42),
                  1 + (random() >> (random() % 60 + 4)) % (1u << 30));
    observe::histogram back;
    ASSERT_EQ(decode_hdr(encode_hdr(from), back), nullptr) << "seed " << seed;
    expect_same_slots(from, back);
  }
}

TEST(hdr_encoding_property, damaged_bytes_hardly_ever_pass_for_another_histogram) {
  const auto seed = std::random_device{}();
  std::mt19937_64 random{seed};
  observe::histogram from;
  add_values(1, from);
  const auto whole = encode_hdr(from);
  for (std::size_t cut = 0; cut < whole.size(); cut += 7) {
    observe::histogram back;
    EXPECT_NE(decode_hdr(whole.substr(0, cut), back), nullptr) << cut;
    EXPECT_EQ(back.count(), 0u);
  }
  int mistaken = 0;
  for (int round = 0; round < 500; ++round) {
    auto damaged = *from_base64(whole);
    damaged[random() % damaged.size()] ^= static_cast<char>(1 + random() % 255);
    observe::histogram back;
    // Bits of the zlib stream's head change nothing. Else its checksum and the lengths around it
    // find a changed byte; but Adler-32 of so few bytes lets about one in ten thousand pass.
    if (decode_hdr(to_base64(damaged), back) == nullptr) mistaken += encode_hdr(back) != whole;
  }
  EXPECT_LE(mistaken, 3) << "seed " << seed;
}

}  // namespace
}  // namespace tacit::bench::formats
