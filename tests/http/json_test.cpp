#include <tacit/http/json.hpp>

#include <gtest/gtest.h>

#include <tacit/http/context.hpp>

namespace tacit::http {
namespace {

std::string text_of(const json& value) {
  std::pmr::string out;
  append(out, value);
  return std::string(out);
}

TEST(json, is_written_without_white_space) {
  EXPECT_EQ(
      text_of({{"name", "Ada"}, {"years", {1815, 1852}}, {"poet", false}, {"spouse", nullptr}}),
      R"({"name":"Ada","poet":false,"spouse":null,"years":[1815,1852]})");
}

TEST(json, is_appended) {
  std::pmr::string out = "data: ";
  append(out, json{{"n", 1}});
  append(out, nlohmann::json(2.5));
  EXPECT_EQ(out, R"(data: {"n":1}2.5)");
}

TEST(json, bytes_that_are_no_utf8_are_replaced) {
  EXPECT_EQ(text_of("a\xff"), "\"a\xEF\xBF\xBD\"");
}

TEST(json, is_parsed_changed_and_compared_like_that_of_the_library) {
  json value = json::parse(R"({"items":[{"id":7}]})");
  value["items"].push_back({{"id", 8}});
  EXPECT_EQ(value.at("items").size(), 2U);
  EXPECT_EQ(value["items"][1]["id"], 8);
  EXPECT_THROW(static_cast<void>(value.at("absent")), json::out_of_range);
  const nlohmann::json other = nlohmann::json::parse(R"({"items":[{"id":7},{"id":8}]})");
  EXPECT_EQ(json(other), value);
}

TEST(json, of_a_context_comes_from_either_library_type) {
  context c(*std::pmr::new_delete_resource());
  c.json({{"ours", 1}});
  EXPECT_EQ(c.response.body, R"({"ours":1})");
  c.json(nlohmann::json{{"theirs", 2}});
  EXPECT_EQ(c.response.body, R"({"theirs":2})");
  EXPECT_EQ(c.response.content_type, "application/json");
}

}  // namespace
}  // namespace tacit::http
