#include "http/url.hpp"

#include <gtest/gtest.h>

namespace tacit::http {
namespace {

struct expected {
  const char* text;
  const char* host;
  int port;
  const char* authority;
  const char* target;
};

TEST(url, is_taken_apart) {
  for (const expected& each : {
           expected{"http://a", "a", 80, "a", ""},
           {"http://a/", "a", 80, "a", "/"},
           {"HTTP://A.Example:8080/B?c=D", "a.example", 8080, "A.Example:8080", "/B?c=D"},
           {"http://a?x", "a", 80, "a", "?x"},
           {"http://a/b#c", "a", 80, "a", "/b"},
           {"http://a:/b", "a", 80, "a:", "/b"},
           {"http://[::1]:81/b", "::1", 81, "[::1]:81", "/b"},
           {"https://a/b", "a", 443, "a", "/b"},
       }) {
    const auto got = url::parse(each.text);
    ASSERT_TRUE(got) << each.text;
    EXPECT_EQ(got->origin.host, each.host) << each.text;
    EXPECT_EQ(got->origin.port, each.port) << each.text;
    EXPECT_EQ(got->authority, each.authority) << each.text;
    EXPECT_EQ(got->target, each.target) << each.text;
  }
}

TEST(url, what_is_none_is_refused) {
  for (const char* each : {"",
                           "a",
                           "/a",
                           "a/b",
                           "ftp://a/",
                           "http:/a",
                           "http://",
                           "http:///a",
                           "http://u@a/",
                           "http://u:p@a/",
                           "http://a:0/",
                           "http://a:65536/",
                           "http://a:x/",
                           "http://a:1:2/",
                           "http://a b/",
                           "http://a/b c",
                           "http://a/\n",
                           "http://a/\x7f",
                           "http://a/\xc3\xa4",
                           "http://[::1/",
                           "http://[]/",
                           "http://[x]/",
                           "http://[::1]x/",
                           "http://a\\b/"}) {
    EXPECT_FALSE(url::parse(each)) << each;
  }
}

}  // namespace
}  // namespace tacit::http
