#include "bench/endpoint.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

TEST(url, is_split_into_what_a_request_needs) {
  const auto plain = parse_url("http://example.org");
  EXPECT_EQ(plain.host, "example.org");
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.authority, "example.org");
  EXPECT_EQ(plain.target, "/");
  const auto full = parse_url("http://127.0.0.1:8080/a/b?c=d#part");
  EXPECT_EQ(full.host, "127.0.0.1");
  EXPECT_EQ(full.port, 8080);
  EXPECT_EQ(full.authority, "127.0.0.1:8080");
  EXPECT_EQ(full.target, "/a/b?c=d");
  EXPECT_EQ(parse_url("http://h?q").target, "/?q");
  const auto six = parse_url("http://[::1]:81/");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.port, 81);
}

TEST(url, mistakes_are_refused) {
  for (const char* wrong : {"", "h", "https://h/", "http://", "http://:80/", "http://h:0/",
                            "http://h:65536/", "http://h:x/", "http://h:/", "http://u@h/",
                            "http://[::1/", "http://h/a b", "http://h/a\r\nX: y"}) {
    EXPECT_THROW((void)parse_url(wrong), base::failure) << wrong;
  }
}

TEST(endpoint, knows_loopback_addresses) {
  EXPECT_TRUE(resolve(parse_url("http://127.0.0.9/")).is_loopback());
  EXPECT_TRUE(resolve(parse_url("http://[::1]/")).is_loopback());
  EXPECT_FALSE(resolve(parse_url("http://10.0.0.1/")).is_loopback());
  EXPECT_EQ(resolve(parse_url("http://127.0.0.1:81/")).name, "127.0.0.1:81");
}

}  // namespace
}  // namespace tacit::bench
