// A handler that keeps its worker is reported once, with who it is and what it serves.

#include <gtest/gtest.h>

#include <sstream>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"

namespace tacit::e2e {
namespace {

std::vector<std::string> lines_with(const std::string& text, std::string_view word) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(word) != std::string::npos) found.push_back(line);
  }
  return found;
}

// The workers of a busy machine stall by themselves, and so may what is done for the first time
// under an emulator: only the burning request counts. It burns for long, since it may begin just
// behind the report of such a stall.
TEST(stall, is_reported_once_with_function_and_request) {
  server_process server({"coroutine", "arena"}, {"--stall-bound-ms", "20", "--workers", "2"});
  EXPECT_EQ(server.get("/burn?us=1").status, 200);
  EXPECT_EQ(server.get("/burn?us=1000000").status, 200);
  EXPECT_EQ(server.stop(), 0);
  const auto reports = lines_with(server.errors(), "GET /burn?us=1000000 (connection ");
  ASSERT_EQ(reports.size(), 1U) << server.errors();
  EXPECT_NE(reports[0].find(" warning stall: worker "), std::string::npos) << reports[0];
#ifndef TACIT_SANITIZED
  EXPECT_NE(reports[0].find("::burn("), std::string::npos) << reports[0];
#endif
}

TEST(stall, is_counted) {
  const server_process server({"coroutine", "heap"}, {"--stall-bound-ms", "20"});
  EXPECT_EQ(server.get("/burn?us=200000").status, 200);
  EXPECT_EQ(lines_with(server.get("/metrics").body, "tacit_stalls_total 0").size(), 0U);
  const auto told = nlohmann::json::parse(server.get("/debug/scheduler").body);
  EXPECT_GE(told.at("stalls"), 1);
  EXPECT_EQ(told.at("stall_bound_ms"), 20);
}

TEST(stall, is_not_reported_with_a_bound_of_zero) {
  server_process server({"coroutine", "arena"}, {"--stall-bound-ms", "0"});
  EXPECT_EQ(server.get("/burn?us=100000").status, 200);
  EXPECT_EQ(nlohmann::json::parse(server.get("/debug/scheduler").body).at("stalls"), 0);
  EXPECT_EQ(server.stop(), 0);
  EXPECT_TRUE(lines_with(server.errors(), "stall").empty()) << server.errors();
}

// While one worker burns, the connections that are placed on it are served by the other: a request
// on each of many connections ends before the burn does.
TEST(stealing, serves_the_connections_of_a_worker_that_is_stuck) {
  const server_process server({"coroutine", "arena"}, {"--workers", "2"});
  std::vector<support::raw_client> others;
  for (int i = 0; i < 8; ++i) {
    others.push_back(server.connect());
    EXPECT_EQ(others.back().exchange(get_request("/plaintext")).status, 200);
  }
  support::raw_client burning = server.connect();
  burning.send(get_request("/burn?us=3000000"));
  burning.await_read();
  for (auto& each : others)
    EXPECT_EQ(each.exchange(get_request("/plaintext")).status, 200);
  EXPECT_FALSE(burning.readable());
  EXPECT_EQ(burning.read_response().status, 200);
}

}  // namespace
}  // namespace tacit::e2e
