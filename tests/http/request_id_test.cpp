#include <tacit/http/request_id.hpp>

#include <gtest/gtest.h>

#include <set>

#include "http/asked_server.hpp"

namespace tacit::http {
namespace {

struct request_id_test : testing::Test {
  support::asked_server server;
  request_id_test() {
    server.routes.use(request_ids());
    server.routes.get("/id", [](context& c) { c.text(c.request_id); });
  }
};

TEST_F(request_id_test, is_the_peers_own_if_it_may_be_one) {
  const auto answer = server.ask("GET /id", "x-request-id: Ab-9_z.1\r\n");
  EXPECT_EQ(answer.body, "Ab-9_z.1");
  EXPECT_EQ(answer.field("X-Request-Id"), "Ab-9_z.1");
}

TEST_F(request_id_test, is_made_otherwise_and_differs_each_time) {
  std::set<std::string> seen;
  const std::string too_long(request_id_bytes_max + 1, 'a');
  for (const std::string sent : {"", "a b", "a\"b", "a;b", "\xC3\xA9", "", "", ""}) {
    const std::string field = sent.empty() ? "" : "X-Request-Id: " + sent + "\r\n";
    seen.insert(server.ask("GET /id", field).body);
  }
  seen.insert(server.ask("GET /id", "X-Request-Id: " + too_long + "\r\n").body);
  EXPECT_EQ(seen.size(), 9U);
  for (const auto& each : seen) {
    EXPECT_EQ(each.size(), 32U) << each;
    EXPECT_EQ(each.find_first_not_of("0123456789abcdef"), std::string::npos) << each;
  }
}

TEST_F(request_id_test, is_in_answers_that_no_handler_made) {
  EXPECT_EQ(server.ask("GET /nowhere").field("X-Request-Id").size(), 32U);
  EXPECT_EQ(server.ask("GET /throws", "X-Request-Id: 7\r\n").field("X-Request-Id"), "7");
}

TEST(request_id, is_bounded_and_of_harmless_characters) {
  EXPECT_TRUE(is_request_id(std::string(request_id_bytes_max, 'x')));
  EXPECT_FALSE(is_request_id(std::string(request_id_bytes_max + 1, 'x')));
  EXPECT_FALSE(is_request_id(""));
  EXPECT_FALSE(is_request_id("a\n"));
}

}  // namespace
}  // namespace tacit::http
