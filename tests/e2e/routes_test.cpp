// What each built-in route answers (README and `tacit serve --help` promise them).

#include <gtest/gtest.h>
#include <chrono>
#include <sstream>

#include "e2e/server_process.hpp"

namespace tacit::e2e {
namespace {

using support::response;

class routes : public every_cell {};
TACIT_IN_EVERY_CELL(routes);

TEST_P(routes, root_and_plaintext_greet_in_plain_text) {
  const server_process server = serve();
  const response root = server.get("/");
  EXPECT_EQ(root.status, 200);
  EXPECT_FALSE(root.body.empty());
  const response plain = server.get("/plaintext");
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.body, "Hello, World!");
  EXPECT_EQ(plain.field("Content-Length"), "13");
  EXPECT_EQ(plain.field("Content-Type").value_or("").substr(0, 10), "text/plain");
}

TEST_P(routes, json_is_an_object_with_a_message) {
  const response answer = serve().get("/json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"message":"Hello, World!"})");
  EXPECT_EQ(answer.field("Content-Type").value_or("").substr(0, 16), "application/json");
}

TEST_P(routes, echo_returns_the_body_byte_by_byte) {
  const server_process server = serve();
  std::string body;
  for (int i = 0; i < 70000; ++i)
    body += static_cast<char>(i * 7);
  EXPECT_EQ(server.exchange(post_request("/echo", body)).body, body);
  EXPECT_EQ(server.exchange(post_request("/echo", "")).body, "");
}

TEST_P(routes, bytes_answers_with_as_many_bytes_as_asked) {
  const server_process server = serve();
  for (const std::size_t size : {0u, 1u, 1000u, 65536u, 3000000u}) {
    const response answer = server.get("/bytes/" + std::to_string(size));
    EXPECT_EQ(answer.status, 200) << size;
    EXPECT_EQ(answer.body.size(), size);
  }
}

TEST_P(routes, events_are_numbered_and_go_on_behind_the_last_one_seen) {
  const server_process server = serve();
  const response all = server.get("/events?n=3&ms=1");
  EXPECT_EQ(all.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(all.body,
            "event: tick\nid: 1\ndata: 1\n\n"
            "event: tick\nid: 2\ndata: 2\n\n"
            "event: tick\nid: 3\ndata: 3\n\n");
  EXPECT_EQ(server.exchange(get_request("/events?n=3&ms=1", "Last-Event-ID: 2\r\n")).body,
            "event: tick\nid: 3\ndata: 3\n\n");
  EXPECT_EQ(server.get("/events?n=3").status, 400);
}

TEST_P(routes, bytes_refuses_what_is_no_number) {
  const server_process server = serve();
  for (const char* size : {"x", "-1", "1x", "99999999999999999999999"}) {
    const response answer = server.get(std::string("/bytes/") + size);
    EXPECT_GE(answer.status, 400) << size;
    EXPECT_LT(answer.status, 500) << size;
  }
}

TEST_P(routes, burn_and_sleep_take_at_least_the_time_asked) {
  const server_process server = serve();
  for (const char* target : {"/burn?us=20000", "/sleep?ms=20"}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(server.get(target).status, 200) << target;
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20)) << target;
  }
}

TEST_P(routes, numbers_that_are_none_are_refused) {
  const server_process server = serve();
  for (const char* target :
       {"/burn?us=x", "/sleep?ms=-1", "/sleep?ms=1e3", "/churn?objects=a&bytes=1",
        "/churn?objects=1&bytes=99999999999999999999"}) {
    EXPECT_EQ(server.get(target).status, 400) << target;
  }
}

TEST_P(routes, churn_answers) {
  EXPECT_EQ(serve().get("/churn?objects=100&bytes=64").status, 200);
}

TEST_P(routes, health_and_readiness_are_good) {
  const server_process server = serve();
  EXPECT_EQ(server.get("/healthz").status, 200);
  EXPECT_EQ(server.get("/readyz").status, 200);
}

TEST_P(routes, metrics_are_prometheus_text) {
  const response answer = serve().get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Content-Type").value_or("").substr(0, 25), "text/plain; version=0.0.4");
  std::istringstream lines(answer.body);
  int samples = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.compare(0, 2, "# ") == 0) continue;
    const std::size_t space = line.rfind(' ');
    ASSERT_NE(space, std::string::npos) << line;
    EXPECT_EQ(line.compare(0, 6, "tacit_"), 0) << line;
    EXPECT_NO_THROW(static_cast<void>(std::stod(line.substr(space + 1)))) << line;
    ++samples;
  }
  EXPECT_GT(samples, 5);
}

TEST_P(routes, runtime_says_which_cell_and_process_it_is) {
  server_process server = serve({"--workers", "2"});
  const nlohmann::json runtime = server.runtime();
  EXPECT_EQ(runtime.at("mode"), GetParam().mode);
  EXPECT_EQ(runtime.at("memory"), GetParam().memory);
  EXPECT_EQ(runtime.at("pid"), server.pid());
  EXPECT_TRUE(runtime.at("workers").is_array());
  if (std::string(GetParam().mode) == "coroutine") {
    EXPECT_EQ(runtime.at("workers").size(), 2u);
  }
  EXPECT_GE(runtime.at("threads").get<int>(), 1);
  EXPECT_GT(runtime.at("rss_bytes").get<long>(), 100'000);
#ifndef TACIT_SANITIZED
  EXPECT_GT(runtime.at("allocations").get<long>(), 0);
  EXPECT_GT(runtime.at("allocated_bytes").get<long>(), 0);
#endif
}

TEST_P(routes, unknown_targets_are_404) {
  const server_process server = serve();
  for (const char* target :
       {"/nowhere", "/plaintext/", "/plaintext/more", "//plaintext", "/PLAINTEXT"}) {
    EXPECT_EQ(server.get(target).status, 404) << target;
  }
}

TEST_P(routes, a_method_that_a_target_does_not_know_is_405_and_names_those_it_does) {
  const server_process server = serve();
  const response answer = server.exchange(post_request("/plaintext", "x"));
  EXPECT_EQ(answer.status, 405);
  EXPECT_NE(answer.field("Allow").value_or("").find("GET"), std::string::npos);
  EXPECT_NE(answer.field("Allow").value_or("").find("HEAD"), std::string::npos);
  EXPECT_EQ(server.get("/echo").field("Allow"), "POST, OPTIONS");
}

TEST_P(routes, a_query_does_not_change_the_route) {
  EXPECT_EQ(serve().get("/plaintext?a=b&c").body, "Hello, World!");
}

}  // namespace
}  // namespace tacit::e2e
