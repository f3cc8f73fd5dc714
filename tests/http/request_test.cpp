#include <tacit/http/request.hpp>

#include <gtest/gtest.h>

#include <tacit/http/method.hpp>
#include <tacit/http/status.hpp>

namespace tacit::http {
namespace {

TEST(request, finds_fields_without_regard_to_case) {
  request asked(*std::pmr::new_delete_resource());
  asked.fields.push_back({"Content-Type", "text/plain"});
  asked.fields.push_back({"content-type", "second"});
  EXPECT_EQ(asked.find("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(asked.find("Content"), std::nullopt);
}

TEST(request, finds_query_values) {
  request asked(*std::pmr::new_delete_resource());
  asked.query = "a=1&flag&b=&a=2&last=x=y";
  EXPECT_EQ(asked.query_value("a"), "1");
  EXPECT_EQ(asked.query_value("flag"), "");
  EXPECT_EQ(asked.query_value("b"), "");
  EXPECT_EQ(asked.query_value("last"), "x=y");
  EXPECT_EQ(asked.query_value("missing"), std::nullopt);
}

TEST(method, names_are_case_sensitive) {
  EXPECT_EQ(to_method("GET"), method::get);
  EXPECT_EQ(to_method("get"), method::other);
  EXPECT_EQ(to_method("DELETE"), method::delete_);
  EXPECT_EQ(to_method("BREW"), method::other);
}

TEST(status, some_answers_have_no_content) {
  for (const int status : {100, 101, 204, 304})
    EXPECT_TRUE(has_no_content(status)) << status;
  for (const int status : {200, 205, 206, 301, 404, 500})
    EXPECT_FALSE(has_no_content(status)) << status;
  EXPECT_EQ(reason_phrase(418), "");
}

}  // namespace
}  // namespace tacit::http
