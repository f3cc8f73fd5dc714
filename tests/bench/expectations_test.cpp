#include "bench/expectations.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

using texts = std::vector<std::string>;

expected_answer expected(const expectations& what, const std::string& asked) {
  expected_answer out;
  what.apply(asked, out);
  return out;
}

TEST(expectations, hold_for_their_route_and_without_one_for_all) {
  const expectations what{texts{"status=200", "^POST =>status=201", "/fixed$=>length=5"}};
  EXPECT_EQ(expected(what, "GET /x").status, 200);
  EXPECT_EQ(expected(what, "POST /x").status, 201);
  EXPECT_EQ(expected(what, "GET /x").body_bytes, std::nullopt);
  EXPECT_EQ(expected(what, "GET /fixed").body_bytes, 5u);
  EXPECT_EQ(expected(what, "GET /fixed").status, 200);
}

TEST(expectations, about_bodies_are_checksums_and_patterns) {
  // The checksum of "123456789" is known to be cbf43926.
  const expectations what{texts{"/sum=>crc32=cbf43926", "/text=>body~^1.*9$"}};
  for (const char* asked : {"GET /sum", "GET /text"}) {
    const auto* rule = expected(what, asked).body;
    ASSERT_NE(rule, nullptr);
    body_digest body;
    body.begin(true);
    body.add("1234");
    body.add("56789");
    EXPECT_TRUE(rule->fits(body)) << asked;
    body.add("0");
    EXPECT_FALSE(rule->fits(body)) << asked;
  }
  EXPECT_EQ(expected(what, "GET /other").body, nullptr);
}

TEST(expectations, keep_no_more_of_a_body_than_a_bound) {
  body_digest body;
  body.begin(true);
  for (int i = 0; i < 3; ++i)
    body.add(std::string(body_digest::text_bytes_max / 2 + 1, 'x'));
  EXPECT_EQ(body.text().size(), body_digest::text_bytes_max);
}

TEST(expectations, that_are_none_are_refused) {
  for (const char* text : {"", "status", "status=", "status=ok", "length=-1", "crc32=xyz", "body~(",
                           "(=>status=200", "crc32=123456789", "teapot=1"}) {
    try {
      const expectations what{texts{text}};
      ADD_FAILURE() << text << " was taken";
    } catch (const base::failure& failure) {
      EXPECT_TRUE(failure.usage);
      EXPECT_NE(failure.message.find("--expect"), std::string::npos) << failure.message;
    }
  }
}

}  // namespace
}  // namespace tacit::bench
