#include <tacit/server/server.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include <tacit/sync/sleep.hpp>

#include "support/raw_client.hpp"

namespace tacit::server {
namespace {

struct cell {
  threading mode;
  memory::mode memory;
};

class server_test : public testing::TestWithParam<cell> {
 protected:
  static options settings() {
    options chosen;
    chosen.listen = "127.0.0.1:0";
    chosen.mode = GetParam().mode;
    chosen.memory = GetParam().memory;
    chosen.workers = 2;
    return chosen;
  }
  static std::uint16_t port_of(const server& app) {
    return static_cast<std::uint16_t>(
        std::stoi(app.address().substr(app.address().rfind(':') + 1)));
  }
  static std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  static void start(server& app) {
    const auto started = app.start();
    ASSERT_TRUE(std::holds_alternative<std::monostate>(started))
        << std::get<base::failure>(started).message;
  }
};

INSTANTIATE_TEST_SUITE_P(cells, server_test,
                         testing::Values(cell{threading::coroutine, memory::mode::arena},
                                         cell{threading::coroutine, memory::mode::heap},
                                         cell{threading::thread, memory::mode::arena},
                                         cell{threading::thread, memory::mode::heap}),
                         [](const auto& each) {
                           return std::string(to_string(each.param.mode)) + "_" +
                                  std::string(to_string(each.param.memory));
                         });

TEST_P(server_test, serves_the_routes_of_the_program_that_embeds_it) {
  server app(settings());
  app.get("/hello/{name}", [](http::context& c) { c.text("Hello, ", c.param("name")); });
  app.post("/later", [](http::context& c) -> sched::task<> {
    static_cast<void>(co_await sync::sleep_for(std::chrono::milliseconds(1)));
    c.text(c.request.body);
  });
  start(app);
  support::raw_client client(port_of(app));
  EXPECT_EQ(client.exchange(get("/hello/you")).body, "Hello, you");
  EXPECT_EQ(client.exchange("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").body,
            "hi");
  EXPECT_EQ(client.exchange(get("/healthz")).status, 200);
  EXPECT_EQ(client.exchange(get("/readyz")).status, 200);
  EXPECT_EQ(app.stop(), 0U);
}

TEST_P(server_test, lets_the_program_answer_a_debug_path_itself) {
  server app(settings());
  app.get("/healthz", [](http::context& c) { c.text("mine"); });
  start(app);
  EXPECT_EQ(support::raw_client(port_of(app)).exchange(get("/healthz")).body, "mine");
}

TEST_P(server_test, tells_what_it_is_and_what_it_did) {
  server app(settings());
  start(app);
  support::raw_client client(port_of(app));
  for (int i = 0; i < 3; ++i)
    static_cast<void>(client.exchange(get("/healthz")));
  const auto told = nlohmann::json::parse(client.exchange(get("/debug/runtime")).body);
  EXPECT_EQ(told.at("mode"), to_string(GetParam().mode));
  EXPECT_EQ(told.at("memory"), to_string(GetParam().memory));
  EXPECT_EQ(told.at("requests"), 3);
  EXPECT_EQ(told.at("connections"), 1);
  EXPECT_EQ(told.at("workers").size(), GetParam().mode == threading::coroutine ? 2U : 0U);
  const auto metrics = client.exchange(get("/metrics")).body;
  EXPECT_NE(metrics.find("tacit_http_responses_total{class=\"2xx\"} 4\n"), std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find("tacit_connections 1\n"), std::string::npos) << metrics;
}

TEST_P(server_test, a_drain_finishes_what_is_under_way) {
  server app(settings());
  std::promise<void> entered;
  std::atomic<bool> may_leave{false};
  app.get("/slow", [&](http::context& c) -> sched::task<> {
    entered.set_value();
    while (!may_leave.load()) {
      if (co_await sync::sleep_for(std::chrono::milliseconds(1))) break;
    }
    c.text("done");
  });
  start(app);
  support::raw_client idle(port_of(app));
  static_cast<void>(idle.exchange(get("/healthz")));
  support::raw_client busy(port_of(app));
  busy.send(get("/slow"));
  entered.get_future().wait();
  std::thread stopping([&] { EXPECT_EQ(app.stop(), 0U); });
  EXPECT_TRUE(idle.closed_by_peer());
  may_leave.store(true);
  const auto answer = busy.read_response();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.field("Connection"), "close");
  stopping.join();
}

TEST_P(server_test, a_drain_cuts_what_takes_too_long) {
  auto with = settings();
  with.drain_timeout = std::chrono::milliseconds(20);
  server app(with);
  start(app);
  support::raw_client half(port_of(app));
  half.send("GET /half HTTP/1.1\r\n");
  half.await_read();
  EXPECT_EQ(app.stop(), 1U);
  EXPECT_TRUE(half.closed_by_peer());
}

TEST_P(server_test, refuses_connections_above_its_limit_and_counts_them) {
  auto with = settings();
  with.limits.connections_max = 2;
  with.limits.threads_max = 2;
  server app(with);
  start(app);
  support::raw_client first(port_of(app));
  static_cast<void>(first.exchange(get("/healthz")));
  support::raw_client second(port_of(app));
  static_cast<void>(second.exchange(get("/healthz")));
  support::raw_client third(port_of(app));
  EXPECT_TRUE(third.closed_by_peer());
  const auto metrics = first.exchange(get("/metrics")).body;
  EXPECT_NE(metrics.find("tacit_connections_refused_total 1\n"), std::string::npos) << metrics;
}

TEST_P(server_test, tells_a_peer_that_does_not_finish_its_request) {
  auto with = settings();
  with.limits.head_timeout = std::chrono::milliseconds(20);
  server app(with);
  start(app);
  support::raw_client slow(port_of(app));
  slow.send("GET /never HTTP/1.1\r\n");
  EXPECT_EQ(slow.read_response().status, 408);
  EXPECT_TRUE(slow.closed_by_peer());
}

TEST_P(server_test, many_connections_at_once_get_their_own_answers) {
  server app(settings());
  app.get("/{n}", [](http::context& c) { c.text(c.param("n")); });
  start(app);
  std::vector<std::thread> running;
  for (int t = 0; t < 8; ++t) {
    running.emplace_back([&, t] {
      support::raw_client client(port_of(app));
      for (int i = 0; i < 200; ++i) {
        const std::string n = std::to_string(t * 1000 + i);
        ASSERT_EQ(client.exchange(get("/" + n)).body, n);
      }
    });
  }
  for (auto& each : running)
    each.join();
}

TEST(server, says_why_it_cannot_start) {
  options wrong;
  wrong.listen = "nonsense";
  const auto malformed = server(wrong).start();
  EXPECT_TRUE(std::get<base::failure>(malformed).usage);
  options any;
  any.listen = "127.0.0.1:0";
  server first(any);
  ASSERT_TRUE(std::holds_alternative<std::monostate>(first.start()));
  options taken;
  taken.listen = first.address();
  const auto in_use = server(taken).start();
  EXPECT_NE(std::get<base::failure>(in_use).message.find(first.address()), std::string::npos);
}

}  // namespace
}  // namespace tacit::server
