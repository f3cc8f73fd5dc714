// What SIGTERM does: nothing that was begun is lost, nothing new begins, the exit status tells.

#include <gtest/gtest.h>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::eventually;
using support::raw_client;
using support::response;

class drain : public every_cell {};
TACIT_IN_EVERY_CELL(drain);

bool refuses_connections(const server_process& server) {
  try {
    static_cast<void>(server.connect());
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

// An answer may be with its client before the server has noted that it is out. The connection that
// asks counts as busy, and is known to be done once the server closes it.
bool only_idle_connections(const server_process& server) {
  raw_client asking = server.connect();
  const response answer =
      asking.exchange(get_request("/debug/connections", "Connection: close\r\n"));
  const nlohmann::json listing = nlohmann::json::parse(answer.body);
  return asking.closed_by_peer() &&
         listing.at("states").at("idle").get<int>() == listing.at("total").get<int>() - 1;
}

TEST_P(drain, an_idle_server_stops_with_status_0) {
  server_process server = serve();
  EXPECT_EQ(server.stop(), 0);
}

TEST_P(drain, interrupt_is_like_terminate) {
  server_process server = serve();
  server.signal(SIGINT);
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(drain, finishes_the_request_in_flight) {
  server_process server = serve();
  raw_client client = server.connect();
  client.send(get_request("/sleep?ms=300"));
  client.await_read();
  server.signal(SIGTERM);
  const response answer = client.read_response();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(drain, a_stream_of_events_ends_in_order) {
  server_process server = serve();
  raw_client client = server.connect();
  client.send(get_request("/events?n=1000000&ms=5"));
  client.read_through("data: 2\n\n");
  server.signal(SIGTERM);
  EXPECT_TRUE(client.read_to_end().ends_with("0\r\n\r\n"));
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(drain, closes_idle_connections_and_takes_no_new_ones) {
  server_process server = serve();
  raw_client busy = server.connect();
  raw_client idle = server.connect();
  const raw_client silent = server.connect();
  EXPECT_EQ(idle.exchange(get_request("/plaintext")).status, 200);
  busy.send(get_request("/sleep?ms=1000"));
  busy.await_read();
  server.signal(SIGTERM);
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return refuses_connections(server); }));
  EXPECT_TRUE(server.running());
  EXPECT_EQ(busy.read_response().status, 200);
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(drain, readiness_goes_first_and_the_server_serves_on_for_the_delay) {
  server_process server = serve({"--drain-delay-ms", "600000"});
  raw_client balancer = server.connect();
  raw_client busy = server.connect();
  EXPECT_EQ(balancer.exchange(get_request("/readyz")).status, 200);
  server.signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return balancer.exchange(get_request("/readyz")).status == 503; }));
  const response kept = balancer.exchange(get_request("/plaintext"));
  EXPECT_EQ(kept.status, 200);
  EXPECT_EQ(kept.field("Connection"), std::nullopt);
  EXPECT_EQ(server.get("/plaintext").status, 200) << "a new connection";
  EXPECT_TRUE(eventually([&] { return only_idle_connections(server); }));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << "nothing was under way when the second signal cut";
}

TEST_P(drain, a_connection_that_waits_has_its_next_request_answered) {
  const support::temporary_folder folder;
  const std::string config = folder.write("config.json", R"({"drain_idle_ms": 600000,
                                                              "drain_timeout_ms": 600000})");
  server_process server = serve({"--config", config});
  raw_client watcher = server.connect();
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(get_request("/plaintext")).status, 200);
  EXPECT_EQ(watcher.exchange(get_request("/plaintext")).status, 200);
  server.signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return refuses_connections(server); }));
  for (raw_client* each : {&watcher, &client}) {
    const response last = each->exchange(get_request("/plaintext"));
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.field("Connection"), "close");
    EXPECT_TRUE(each->closed_by_peer());
  }
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(drain, no_answer_is_cut_in_the_middle) {
  server_process server = serve();
  std::vector<raw_client> clients;
  std::string requests;
  for (int i = 0; i < 50; ++i)
    requests += get_request("/bytes/20000");
  for (int i = 0; i < 16; ++i)
    clients.push_back(server.connect());
  for (raw_client& client : clients)
    client.send(requests);
  server.signal(SIGTERM);
  for (raw_client& client : clients) {
    const std::vector<response> answers = client.read_responses();
    for (const response& answer : answers)
      EXPECT_EQ(answer.body.size(), 20000u);
    // A client that is not told would wait for the rest. One that got all has nothing to be told.
    if (!answers.empty() && answers.size() < 50) {
      EXPECT_EQ(answers.back().field("Connection"), "close");
    }
  }
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(drain, a_large_answer_is_sent_to_its_end) {
  server_process server = serve();
  raw_client client = server.connect();
  client.send(get_request("/bytes/30000000"));
  client.await_read();
  server.signal(SIGTERM);
  EXPECT_EQ(client.read_response().body.size(), 30000000u);
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(drain, a_second_signal_cuts_and_says_so_in_the_status) {
  const support::temporary_folder folder;
  const std::string patient = folder.write("patient.json", R"({"drain_timeout_ms": 600000})");
  server_process server = serve({"--config", patient});
  raw_client idle = server.connect();
  raw_client client = server.connect();
  EXPECT_EQ(idle.exchange(get_request("/plaintext")).status, 200);
  client.send(get_request("/sleep?ms=60000"));
  client.await_read();
  server.signal(SIGTERM);
  // The first signal has arrived once the idle connection is closed; two at once would be one.
  EXPECT_TRUE(idle.closed_by_peer());
  const auto begin = std::chrono::steady_clock::now();
  server.signal(SIGTERM);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(server.wait(), 1);
  // Far below what the request would have taken: it was cut, not waited for.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40));
}

TEST_P(drain, the_deadline_cuts_what_is_left) {
  const support::temporary_folder folder;
  const std::string hasty = folder.write("hasty.json", R"({"drain_timeout_ms": 50})");
  server_process server = serve({"--config", hasty});
  raw_client client = server.connect();
  client.send(get_request("/sleep?ms=60000"));
  client.await_read();
  server.signal(SIGTERM);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(server.wait(), 1);
}

TEST_P(drain, a_request_that_never_ends_is_not_waited_for_for_ever) {
  server_process server = serve();
  raw_client idle = server.connect();
  raw_client client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
  client.await_read();
  EXPECT_EQ(idle.exchange(get_request("/plaintext")).status, 200);
  server.signal(SIGTERM);
  EXPECT_TRUE(idle.closed_by_peer());
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 1);
}

}  // namespace
}  // namespace tacit::e2e
