#include <tacit/http/content_coding.hpp>

#include <gtest/gtest.h>
#include <memory_resource>
#include <random>
#include <string>

#include "sync/seed.hpp"

namespace tacit::http {
namespace {

std::string order(std::initializer_list<std::string_view> values) {
  request asked(*std::pmr::new_delete_resource());
  for (const std::string_view value : values)
    asked.fields.push_back({"Accept-Encoding", value});
  std::string text;
  for (const content_coding each : coding_preference(asked, smallest_first))
    text += (text.empty() ? "" : " ") + std::string(to_string(each));
  return text;
}

TEST(content_coding, nothing_is_coded_unasked) {
  EXPECT_EQ(order({}), "identity");
  EXPECT_EQ(order({""}), "identity");
  EXPECT_EQ(order({"identity"}), "identity");
}

TEST(content_coding, what_is_smallest_comes_first_among_equals) {
  EXPECT_EQ(order({"gzip, deflate, br, zstd"}), "br zstd gzip identity");
  EXPECT_EQ(order({"gzip", "zstd"}), "zstd gzip identity");
  EXPECT_EQ(order({"*"}), "br zstd gzip identity");
}

TEST(content_coding, weights_decide) {
  EXPECT_EQ(order({"gzip;q=1.0, br;q=0.5, zstd; Q=0.75"}), "gzip zstd br identity");
  EXPECT_EQ(order({"gzip;q=0.001"}), "gzip identity");
  EXPECT_EQ(order({"identity, gzip;q=0.5"}), "identity gzip");
  EXPECT_EQ(order({"identity;q=0.5, gzip;q=0.6, br;q=0.4"}), "gzip identity br");
  EXPECT_EQ(order({"gzip;q=0.5,identity;q=0.5"}), "gzip identity");
  EXPECT_EQ(order({"zstd;q=0, *"}), "br gzip identity");
}

TEST(content_coding, zero_refuses) {
  EXPECT_EQ(order({"gzip;q=0, br;q=0.000"}), "identity");
  EXPECT_EQ(order({"*;q=0"}), "identity");
  EXPECT_EQ(order({"gzip, *;q=0"}), "gzip identity");
  EXPECT_EQ(order({"*, gzip;q=0"}), "br zstd identity");
  EXPECT_EQ(order({"br, identity;q=0"}), "br identity");
}

TEST(content_coding, what_cannot_be_read_is_refused) {
  EXPECT_EQ(order({"gzip;q=2, br;q=1.001, zstd;q=x"}), "identity");
  EXPECT_EQ(order({"gzip;level=9, br;q=0.1234, zstd;q="}), "identity");
  EXPECT_EQ(order({"gzip br, GZIP"}), "gzip identity");
  EXPECT_EQ(order({",,x-gzip,"}), "gzip identity");
}

TEST(content_coding_property, identity_is_always_there_and_nothing_twice) {
  std::mt19937_64 random(tests::seed());
  const std::string_view words[] = {
      "gzip", "br", "zstd", "identity", "*", ";q=", "0", "1", "0.5", ",", " "};
  for (int round = 0; round < 20000; ++round) {
    std::string value;
    for (auto left = random() % 16; left > 0; --left)
      value += words[random() % std::size(words)];
    const std::string found = " " + order({value}) + " ";
    for (const char* name : {" identity ", " gzip ", " br ", " zstd "}) {
      ASSERT_EQ(found.find(name), found.rfind(name)) << value;
    }
    ASSERT_NE(found.find(" identity "), std::string::npos) << value;
  }
}

}  // namespace
}  // namespace tacit::http
