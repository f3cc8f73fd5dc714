// Bounds on what a peer may send, hold and delay, set low by a config file.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::raw_client;

class limits : public every_cell {
 protected:
  [[nodiscard]] server_process serve_limited(const std::string& settings) {
    return serve({"--config", folder_.write("limits.json", R"({"limits": {)" + settings + "}}")});
  }

  support::temporary_folder folder_;
};
TACIT_IN_EVERY_CELL(limits);

TEST_P(limits, a_body_may_be_as_long_as_the_limit_and_no_longer) {
  const server_process server = serve_limited(R"("body_bytes_max": 10)");
  EXPECT_EQ(server.exchange(post_request("/echo", "0123456789")).status, 200);
  EXPECT_EQ(server.exchange(post_request("/echo", "0123456789x")).status, 413);
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(server.exchange(head + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n").status, 200);
  EXPECT_EQ(server.exchange(head + "5\r\n01234\r\n6\r\n56789x\r\n0\r\n\r\n").status, 413);
}

TEST_P(limits, fields_are_counted) {
  const server_process server = serve_limited(R"("fields_max": 3)");
  EXPECT_EQ(server.exchange(get_request("/plaintext", "A: 1\r\nB: 2\r\n")).status, 200);
  EXPECT_EQ(server.exchange(get_request("/plaintext", "A: 1\r\nB: 2\r\nC: 3\r\n")).status, 431);
}

TEST_P(limits, a_target_may_be_as_long_as_the_limit_and_no_longer) {
  const server_process server = serve_limited(R"("target_bytes_max": 20)");
  EXPECT_EQ(server.get("/plaintext?345678901").status, 200);
  EXPECT_EQ(server.get("/plaintext?3456789012").status, 414);
}

TEST_P(limits, a_head_that_stops_is_answered_408) {
  const server_process server = serve_limited(R"("head_timeout_ms": 50)");
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange("GET /plaintext HTTP/1.1\r\nHo").status, 408);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(limits, a_body_that_stops_is_answered_408) {
  const server_process server = serve_limited(R"("body_timeout_ms": 50)");
  raw_client client = server.connect();
  EXPECT_EQ(
      client.exchange("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf").status,
      408);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(limits, an_idle_connection_is_closed_in_silence) {
  const server_process server = serve_limited(R"("idle_timeout_ms": 50)");
  raw_client fresh = server.connect();
  raw_client used = server.connect();
  EXPECT_EQ(used.exchange(get_request("/plaintext")).status, 200);
  EXPECT_TRUE(used.closed_by_peer());
  EXPECT_TRUE(fresh.closed_by_peer());
}

TEST_P(limits, a_peer_that_reads_nothing_is_cut) {
  const server_process server = serve_limited(R"("write_timeout_ms": 50)");
  raw_client stubborn = server.connect();
  stubborn.send(get_request("/bytes/60000000"));
  raw_client observer = server.connect();
  EXPECT_TRUE(support::eventually([&] {
    const std::string metrics = observer.exchange(get_request("/metrics")).body;
    return metrics.find("\ntacit_http_timeouts_total 1\n") != std::string::npos;
  }));
  // With a proper end the kernel would keep offering what is left.
  EXPECT_TRUE(stubborn.reset_by_peer());
}

TEST_P(limits, connections_beyond_the_limit_are_closed_at_once) {
  const server_process server = serve_limited(R"("connections_max": 2, "threads_max": 2)");
  raw_client first = server.connect();
  raw_client second = server.connect();
  EXPECT_EQ(first.exchange(get_request("/plaintext")).status, 200);
  EXPECT_EQ(second.exchange(get_request("/plaintext")).status, 200);
  raw_client third = server.connect();
  EXPECT_EQ(third.read_response().status, 503);
  EXPECT_TRUE(third.closed_by_peer());
  EXPECT_EQ(first.exchange(get_request("/plaintext")).status, 200);
}

TEST_P(limits, a_server_out_of_descriptors_refuses_and_recovers) {
  const server_process server = serve_limited(R"("connections_max": 1000)");
  raw_client first = server.connect();
  EXPECT_EQ(first.exchange(get_request("/plaintext")).status, 200);
  rlimit before{};
  ASSERT_EQ(prlimit(server.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  rlimit scarce = before;
  scarce.rlim_cur = 4;  // Fewer than are open: not one more.
  ASSERT_EQ(prlimit(server.pid(), RLIMIT_NOFILE, &scarce, nullptr), 0);
  raw_client waits = server.connect();
  const auto failures = [&] {
    const std::string metrics = first.exchange(get_request("/metrics")).body;
    return metrics.find("tacit_accept_failures_total 0\n") == std::string::npos;
  };
  EXPECT_TRUE(support::eventually(failures));
  ASSERT_EQ(prlimit(server.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  // Who waits is served or, if it came to that, refused; newcomers are served.
  const int status = waits.exchange(get_request("/plaintext")).status;
  EXPECT_TRUE(status == 200 || status == 503) << status;
  EXPECT_TRUE(support::eventually([&] { return server.get("/plaintext").status == 200; }));
}

}  // namespace
}  // namespace tacit::e2e
