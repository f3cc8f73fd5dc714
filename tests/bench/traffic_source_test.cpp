#include "bench/traffic_source.hpp"

#include <gtest/gtest.h>

namespace tacit::bench {
namespace {

TEST(traffic_source, writes_a_request_in_the_order_given) {
  traffic_source traffic{"host:81"};
  traffic.add({"GET", "/a?b", {{"User-Agent", "x \"y\""}, {"Referer", "r"}}, std::nullopt});
  EXPECT_EQ(traffic.at(0).wire,
            "GET /a?b HTTP/1.1\r\nHost: host:81\r\nUser-Agent: x \"y\"\r\nReferer: r\r\n\r\n");
  EXPECT_EQ(traffic.at(0).title(), "GET /a?b");
  EXPECT_FALSE(traffic.at(0).is_head);
}

TEST(traffic_source, a_body_has_its_length_even_when_empty) {
  traffic_source traffic{"h"};
  traffic.add({"POST", "/", {}, ""});
  traffic.add({"POST", "/", {}, "abc"});
  EXPECT_EQ(traffic.at(0).wire, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(traffic.at(1).wire, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
}

TEST(traffic_source, walks_its_requests_over_and_over) {
  traffic_source traffic{"h"};
  traffic.add({"GET", "/1"});
  traffic.add({"HEAD", "/2"}, {404, 0});
  EXPECT_EQ(traffic.at(5).title(), "HEAD /2");
  EXPECT_TRUE(traffic.at(5).is_head);
  EXPECT_EQ(traffic.at(5).expected.status, 404);
  EXPECT_EQ(traffic.at(1'000'000).title(), "GET /1");
}

TEST(traffic_source, bytes_that_would_break_the_framing_are_encoded) {
  traffic_source traffic{"h"};
  const std::string target{"/a b\r\nX: y\0\x7f\t", 13};
  traffic.add({"GET", target, {{"User-Agent", "u\r\nEvil: 1"}}, std::nullopt});
  EXPECT_EQ(traffic.at(0).wire,
            "GET /a%20b%0D%0AX:%20y%00%7F%09 HTTP/1.1\r\nHost: h\r\nUser-Agent: "
            "u%0D%0AEvil: 1\r\n\r\n");
}

TEST(traffic_source, bytes_above_ascii_stay_as_logged) {
  EXPECT_EQ(wire_target("/caf\xc3\xa9"), "/caf\xc3\xa9");
}

TEST(traffic_source, keeps_what_is_to_be_recorded_apart) {
  traffic_source source{"host"};
  source.add({"GET", "/a"});
  source.add({"GET", "/b", {}, std::nullopt, true});
  EXPECT_FALSE(source.at(0).is_apart);
  EXPECT_TRUE(source.at(1).is_apart);
}

}  // namespace
}  // namespace tacit::bench
