// Connections without a request: in coroutine mode with arena memory they fall asleep, everywhere
// they behave alike.

#include <gtest/gtest.h>
#include <csignal>
#include <ctime>
#include <string>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::eventually;
using support::raw_client;

class idle_connection : public every_cell {
 protected:
  // Falls asleep soon.
  [[nodiscard]] static server_process serve_sleepy(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--idle-release-delay-ms", "1"});
    return serve(std::move(more));
  }

  [[nodiscard]] static nlohmann::json listing(const server_process& server) {
    return nlohmann::json::parse(server.get("/debug/connections").body);
  }

  // Waits until so many sleep, where any do. The one that asks is awake.
  [[nodiscard]] static bool are_asleep(const server_process& server, std::size_t count) {
    const std::size_t expected = sleeps() ? count : 0;
    return eventually([&] {
      const nlohmann::json now = listing(server);
      return now.at("asleep") == expected && now.at("total") == count + 1;
    });
  }

  [[nodiscard]] static bool sleeps() {
    return std::string(GetParam().mode) == "coroutine" && std::string(GetParam().memory) == "arena";
  }
};
TACIT_IN_EVERY_CELL(idle_connection);

TEST_P(idle_connection, answers_its_next_request_each_time_it_has_slept) {
  const server_process server = serve_sleepy();
  raw_client client = server.connect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.exchange(get_request("/plaintext")).body, "Hello, World!");
    ASSERT_TRUE(are_asleep(server, 1));
  }
}

TEST_P(idle_connection, sleeps_also_before_its_first_request) {
  const server_process server = serve_sleepy();
  raw_client client = server.connect();
  ASSERT_TRUE(are_asleep(server, 1));
  EXPECT_EQ(client.exchange(post_request("/echo", "body")).body, "body");
}

TEST_P(idle_connection, answers_all_that_is_pipelined_to_a_sleeper) {
  const server_process server = serve_sleepy();
  raw_client client = server.connect();
  ASSERT_TRUE(are_asleep(server, 1));
  client.send(post_request("/echo", "1") + post_request("/echo", "2") + post_request("/echo", "3"));
  EXPECT_EQ(client.read_response().body, "1");
  EXPECT_EQ(client.read_response().body, "2");
  EXPECT_EQ(client.read_response().body, "3");
}

// The peer's bytes and the server's patience meet at every distance.
TEST_P(idle_connection, loses_nothing_that_comes_while_it_falls_asleep) {
  const server_process server = serve_sleepy();
  raw_client client = server.connect();
  const std::string body(20'000, 'b');  // Larger than a block.
  for (int i = 0; i < 200; ++i) {
    const std::string sent = std::to_string(i) + body;
    client.send(post_request("/echo", sent));
    ASSERT_EQ(client.read_response().body, sent);
    const timespec pause{0, i * 100'000};
    ::nanosleep(&pause, nullptr);
  }
}

TEST_P(idle_connection, a_beginning_wakes_it_and_the_rest_may_come_later) {
  const server_process server = serve_sleepy();
  raw_client client = server.connect();
  ASSERT_TRUE(are_asleep(server, 1));
  client.send("G");
  ASSERT_TRUE(eventually([&] { return listing(server).at("states").at("reading_head") == 1; }));
  client.send(get_request("/plaintext").substr(1));
  EXPECT_EQ(client.read_response().status, 200);
}

TEST_P(idle_connection, sleeps_on_after_an_empty_line) {
  const server_process server = serve_sleepy();
  raw_client client = server.connect();
  ASSERT_TRUE(are_asleep(server, 1));
  client.send("\r\n");
  ASSERT_TRUE(are_asleep(server, 1));
  EXPECT_EQ(client.exchange(get_request("/plaintext")).status, 200);
}

TEST_P(idle_connection, is_closed_after_the_idle_timeout_though_it_sleeps) {
  const support::temporary_folder folder;
  const server_process server = serve_sleepy(
      {"--config", folder.write("limits.json", R"({"limits": {"idle_timeout_ms": 100}})")});
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(get_request("/plaintext")).status, 200);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_TRUE(are_asleep(server, 0));
}

TEST_P(idle_connection, leaves_the_counts_when_its_peer_leaves) {
  const server_process server = serve_sleepy();
  {
    const raw_client first = server.connect();
    raw_client second = server.connect();
    EXPECT_EQ(second.exchange(get_request("/plaintext")).status, 200);
    ASSERT_TRUE(are_asleep(server, 2));
  }
  EXPECT_TRUE(are_asleep(server, 0));
}

TEST_P(idle_connection, is_closed_by_a_drain) {
  server_process server = serve_sleepy();
  raw_client client = server.connect();
  ASSERT_TRUE(are_asleep(server, 1));
  server.signal(SIGTERM);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(idle_connection, is_answered_in_a_drain_before_that) {
  server_process server = serve_sleepy({"--drain-delay-ms", "600000"});
  raw_client client = server.connect();
  ASSERT_TRUE(are_asleep(server, 1));
  server.signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return client.exchange(get_request("/readyz")).status == 503; }));
  server.signal(SIGTERM);
  EXPECT_TRUE(client.closed_by_peer());
  server.wait();
}

TEST_P(idle_connection, holds_nothing_for_requests) {
  const server_process server = serve_sleepy();
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(get_request("/plaintext")).status, 200);
  ASSERT_TRUE(are_asleep(server, 1));
  nlohmann::json shown;
  // Its thread may not have noted yet that the answer is out.
  ASSERT_TRUE(eventually([&] {
    shown =
        nlohmann::json::parse(server.get("/debug/connections?state=idle").body).at("connections");
    return shown.size() == 1;
  }));
  EXPECT_EQ(shown[0].at("asleep"), sleeps());
  EXPECT_EQ(shown[0].at("requests"), 1);
  if (sleeps()) {
    EXPECT_EQ(shown[0].at("held_bytes"), 0);
  }
}

}  // namespace
}  // namespace tacit::e2e
