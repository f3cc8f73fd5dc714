// The numbers in /metrics and /debug/runtime are true.

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"

namespace tacit::e2e {
namespace {

using support::raw_client;

class counting : public every_cell {};
TACIT_IN_EVERY_CELL(counting);

/// Sends `count` requests for `target`, 100 at a time, and reads the answers.
void ask(raw_client& client, int count, const std::string& request) {
  std::string batch;
  for (int i = 0; i < 100; ++i)
    batch += request;
  for (int sent = 0; sent < count; sent += 100) {
    client.send(batch);
    for (int i = 0; i < 100; ++i)
      ASSERT_EQ(client.read_response().status, 200);
  }
}

nlohmann::json runtime(raw_client& client) {
  return nlohmann::json::parse(client.exchange(get_request("/debug/runtime")).body);
}

/// The sum of all samples of one metric.
double metric(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  double sum = 0;
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, name.size(), name) != 0) continue;
    if (line[name.size()] != ' ' && line[name.size()] != '{') continue;
    sum += std::stod(line.substr(line.rfind(' ') + 1));
    found = true;
  }
  EXPECT_TRUE(found) << name << " is not in:\n" << text;
  return sum;
}

TEST_P(counting, requests_grow_by_what_was_sent) {
  const server_process server = serve();
  raw_client client = server.connect();
  const long before = runtime(client).at("requests");
  ask(client, 1000, get_request("/plaintext"));
  const long after = runtime(client).at("requests");
  // A request is counted once it is answered: the first look at the counter is in the second.
  EXPECT_EQ(after - before, 1001);
}

TEST_P(counting, refused_requests_count_too) {
  const server_process server = serve();
  raw_client client = server.connect();
  const long before = runtime(client).at("requests");
  EXPECT_EQ(server.get("/nowhere").status, 404);
  EXPECT_EQ(server.exchange("GET / HTTP/1.1\r\n\r\n").status, 400);
  const long after = runtime(client).at("requests");
  EXPECT_EQ(after - before, 3);
}

TEST_P(counting, metrics_say_what_the_runtime_page_says) {
  const server_process server = serve();
  raw_client client = server.connect();
  ask(client, 500, get_request("/plaintext"));
  const long requests = runtime(client).at("requests");
  const std::string metrics = client.exchange(get_request("/metrics")).body;
  EXPECT_EQ(metric(metrics, "tacit_http_responses_total"), static_cast<double>(requests + 1));
}

TEST_P(counting, connections_are_those_that_are_open) {
  const server_process server = serve();
  raw_client client = server.connect();
  std::vector<raw_client> others;
  for (int i = 0; i < 20; ++i) {
    others.push_back(server.connect());
    EXPECT_EQ(others.back().exchange(get_request("/plaintext")).status, 200);
  }
  EXPECT_EQ(runtime(client).at("connections"), 21);
  others.clear();
  EXPECT_TRUE(support::eventually([&] { return runtime(client).at("connections") == 1; }));
}

#ifndef TACIT_SANITIZED
// Sanitizers bring their own allocator, so that nothing is counted there.
double allocations_per_request(raw_client& client, const std::string& request, int count = 10'000) {
  ask(client, count / 10, request);
  static_cast<void>(runtime(client));
  const nlohmann::json first = runtime(client);
  const nlohmann::json second = runtime(client);
  ask(client, count, request);
  const nlohmann::json third = runtime(client);
  // What one look costs is the difference between two that follow each other.
  const long look = second.at("allocations").get<long>() - first.at("allocations").get<long>();
  const long spent =
      third.at("allocations").get<long>() - second.at("allocations").get<long>() - look;
  return static_cast<double>(spent) / count;
}

// What a busy machine makes the server do at first is not a request's doing: to name a pause that
// is among the longest allocates, and so do a spare worker that is called for the first time and
// the report of a stall.
std::vector<std::string> undisturbed(std::vector<std::string> options = {}) {
  options.insert(options.end(), {"--workers", "1", "--spare-workers", "0", "--pause-recorder",
                                 "off", "--stall-bound-ms", "0"});
  return options;
}

TEST_P(counting, a_request_allocates_nothing_in_arena_mode) {
  const server_process server = serve(undisturbed({"--churn-live-mb", "1"}));
  raw_client client = server.connect();
  for (const std::string& request :
       {get_request("/plaintext"), get_request("/json"), get_request("/bytes/5000"),
        get_request("/churn?objects=20&bytes=512"),
        std::string("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello"),
        std::string("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "5\r\nhello\r\n0\r\n\r\n")}) {
    const double each = allocations_per_request(client, request);
    if (std::string(GetParam().memory) == "heap") {
      EXPECT_GT(each, 1) << request;
    } else {
      EXPECT_LT(each, 0.01) << request;
    }
  }
}

TEST_P(counting, nor_does_a_handler_that_waits) {
  const server_process server = serve(undisturbed());
  raw_client client = server.connect();
  const double each = allocations_per_request(client, get_request("/sleep?ms=1"), 500);
  if (std::string(GetParam().memory) == "heap") {
    EXPECT_GT(each, 1);
  } else {
    EXPECT_LT(each, 0.05);  // What a look costs differs by a few; they are 500 requests.
  }
}

TEST_P(counting, allocated_bytes_follow_what_is_allocated) {
  const server_process server = serve({"--workers", "1"});
  raw_client client = server.connect();
  const long before = runtime(client).at("allocated_bytes");
  ask(client, 1000, get_request("/churn?objects=100&bytes=1000"));
  const long after = runtime(client).at("allocated_bytes");
  // The arena hands out memory that it holds already; the heap is asked for every object.
  if (std::string(GetParam().memory) == "heap") {
    EXPECT_GE(after - before, 1000L * 100 * 1000);
  }
}
#endif

}  // namespace
}  // namespace tacit::e2e
