#include <tacit/http/context.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <tacit/http/json.hpp>

namespace tacit::http {
namespace {

struct context_test : testing::Test {
  context c{*std::pmr::new_delete_resource()};
};

TEST_F(context_test, text_joins_its_pieces) {
  c.text("Hello, ", std::string("you"), "\n");
  EXPECT_EQ(c.response.body, "Hello, you\n");
  EXPECT_EQ(c.response.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(c.response.status, 200);
}

TEST_F(context_test, a_later_body_replaces_an_earlier_one) {
  c.text("first");
  c.json({{"second", true}});
  EXPECT_EQ(c.response.body, R"({"second":true})");
  EXPECT_EQ(c.response.content_type, "application/json");
}

TEST_F(context_test, json_with_broken_utf8_is_sent_with_replacements) {
  c.json({{"text", "\xff"}});
  EXPECT_EQ(c.response.body, "{\"text\":\"\xEF\xBF\xBD\"}");
}

TEST_F(context_test, a_field_that_would_split_the_response_is_not_sent) {
  c.set("X-Fine", "value");
  c.set("X-Evil", "a\r\nSet-Cookie: b");
  EXPECT_EQ(c.response.fields.size(), 1U);
  EXPECT_EQ(c.response.status, 500);
}

TEST_F(context_test, reads_numbers_from_the_query) {
  c.request.query = "n=42&bad=4x&empty=&negative=-1&huge=99999999999999999999999";
  EXPECT_EQ(c.query_number("n"), 42U);
  for (const auto* name : {"bad", "empty", "negative", "huge", "missing"}) {
    EXPECT_EQ(c.query_number(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace tacit::http
