#include <tacit/sched/available_cpus.hpp>
#include <tacit/server/server.hpp>

#include <gtest/gtest.h>

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include <tacit/sync/sleep.hpp>

#include "support/patience.hpp"
#include "support/raw_client.hpp"

namespace tacit::server {
namespace {

struct cell {
  threading mode;
  memory::mode memory;
};

// A handler that says when it is there and waits until it may leave.
sched::task<> wait_for(std::promise<void>& entered, std::atomic<bool>& may_leave,
                       http::context& c) {
  entered.set_value();
  // Not in a condition: GCC 12 gets a co_await there wrong in a coroutine without other variables.
  while (!may_leave.load()) {
    const base::error_code stopped = co_await sync::sleep_for(std::chrono::milliseconds(1));
    if (stopped) break;
  }
  c.text("done");
}

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
    const http::body_read body = co_await c.read_body();
    c.text(body.bytes);
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

TEST_P(server_test, puts_what_its_options_ask_for_around_every_answer) {
  options chosen = settings();
  const std::string file = testing::TempDir() + "access-" + std::to_string(::getpid()) + ".log";
  chosen.middleware = {.request_id = true,
                       .access_log = http::access_log_options{.file = file},
                       .compression = http::compression_options{.bytes_min = 1},
                       .cors = http::cors_options{.origins = {"*"}},
                       .security_headers = true};
  {
    server app(chosen);
    auto api = app.group("/api");
    api.get("/text", [](http::context& c) { c.text(std::string(1000, 'x')); });
    start(app);
    support::raw_client client(port_of(app));
    const auto answer = client.exchange(
        "GET /api/text HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nAccept-Encoding: gzip\r\n\r\n");
    EXPECT_EQ(answer.field("Content-Encoding"), "gzip");
    EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(answer.field("X-Request-Id"));
    EXPECT_EQ(client.exchange(get("/nowhere")).status, 404);
    app.stop();
  }
  std::ifstream in(file);
  std::string first, second;
  EXPECT_TRUE(std::getline(in, first) && std::getline(in, second));
  EXPECT_TRUE(first.starts_with("127.0.0.1 - - [")) << first;
  EXPECT_NE(second.find("\"GET /nowhere HTTP/1.1\" 404 "), std::string::npos) << second;
  std::remove(file.c_str());
}

TEST_P(server_test, tells_what_middleware_cannot_be_had) {
  options chosen = settings();
  chosen.middleware.access_log = http::access_log_options{.file = "/nowhere/at/all"};
  server app(chosen);
  const auto started = app.start();
  const auto* failure = std::get_if<base::failure>(&started);
  ASSERT_TRUE(failure);
  EXPECT_NE(failure->message.find("/nowhere/at/all"), std::string::npos) << failure->message;
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
  const auto quota = sched::read_cpu_limit().quota;
  EXPECT_EQ(told.at("cpu").at("throttled").is_object(),
            quota && sched::read_cpu_throttling(*quota).has_value());
  const auto metrics = client.exchange(get("/metrics")).body;
  EXPECT_NE(metrics.find("tacit_http_responses_total{class=\"2xx\"} 4\n"), std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find("tacit_connections 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("tacit_cpu_throttled_seconds_total "), std::string::npos) << metrics;
}

TEST_P(server_test, lists_the_coroutine_of_a_request_that_waits) {
  server app(settings());
  std::promise<void> entered;
  std::atomic<bool> may_leave{false};
  app.get("/slow/{n}", [&](http::context& c) { return wait_for(entered, may_leave, c); });
  start(app);
  support::raw_client slow(port_of(app));
  slow.send(get("/slow/7"));
  entered.get_future().wait();
  support::raw_client client(port_of(app));
  nlohmann::json told, found;
  // It says that it is there before it first waits, and between two waits it has no place.
  ASSERT_TRUE(support::eventually([&] {
    told = nlohmann::json::parse(client.exchange(get("/debug/tasks")).body);
    for (const auto& each : told.at("tasks")) {
      if (each.at("function") == "server::wait_for") found = each;
    }
    return found.contains("place");
  })) << told.dump(2);
  EXPECT_EQ(found.at("request").get<std::string>().substr(0, 24), "GET /slow/7 (connection ")
      << told.dump(2);
  EXPECT_EQ(found.at("place").get<std::string>().substr(0, 15), "server_test.cpp");
  EXPECT_TRUE(found.contains("awaited_by"));
  EXPECT_EQ(told.at("total"), told.at("listed"));
  const std::string text = client.exchange(get("/debug/tasks?format=text&limit=1000")).body;
  EXPECT_NE(text.find("server::wait_for at server_test.cpp:"), std::string::npos) << text;
  EXPECT_NE(text.find("request: GET /slow/7 ("), std::string::npos) << text;
  may_leave.store(true);
  EXPECT_EQ(slow.read_response().status, 200);
}

TEST_P(server_test, lists_no_more_coroutines_than_asked_and_counts_the_rest) {
  server app(settings());
  start(app);
  std::vector<support::raw_client> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(port_of(app));
    static_cast<void>(clients.back().exchange(get("/healthz")));
  }
  const auto told = nlohmann::json::parse(clients[0].exchange(get("/debug/tasks?limit=2")).body);
  EXPECT_EQ(told.at("listed"), 2);
  EXPECT_EQ(told.at("tasks").size(), 2U);
  std::size_t counted = 0;
  for (const auto& group : told.at("groups"))
    counted += group.at("count").get<std::size_t>();
  EXPECT_EQ(counted, told.at("total"));
  EXPECT_GE(counted, 5U);
  for (const char* wrong : {"limit=x", "limit=99999999", "format=xml"}) {
    const auto answer = clients[0].exchange(get("/debug/tasks?" + std::string(wrong)));
    EXPECT_EQ(answer.status, 400) << wrong;
  }
}

TEST_P(server_test, lists_its_connections) {
  server app(settings());
  std::promise<void> entered;
  std::atomic<bool> may_leave{false};
  app.get("/slow/{n}", [&](http::context& c) { return wait_for(entered, may_leave, c); });
  start(app);
  support::raw_client idle(port_of(app));
  for (int i = 0; i < 2; ++i)
    static_cast<void>(idle.exchange(get("/healthz")));
  support::raw_client slow(port_of(app));
  slow.send(get("/slow/7"));
  entered.get_future().wait();
  support::raw_client client(port_of(app));
  const auto told = nlohmann::json::parse(client.exchange(get("/debug/connections")).body);
  EXPECT_EQ(told.at("total"), 3);
  EXPECT_EQ(told.at("listed"), 3);
  EXPECT_EQ(told.at("states").at("handling"), 2) << told.dump(2);
  EXPECT_EQ(told.at("states").at("idle"), 1);
  const auto find = [&](const char* state) {
    const auto answer = client.exchange(get(std::string("/debug/connections?state=") + state));
    return nlohmann::json::parse(answer.body).at("connections");
  };
  const auto waiting = find("idle");
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].at("requests"), 2);
  EXPECT_EQ(waiting[0].at("received_bytes"), 2 * get("/healthz").size());
  EXPECT_GT(waiting[0].at("sent_bytes"), waiting[0].at("received_bytes"));
  EXPECT_EQ(waiting[0].at("peer").get<std::string>().substr(0, 10), "127.0.0.1:");
  EXPECT_FALSE(waiting[0].contains("request"));
  const auto handling = find("handling");
  ASSERT_EQ(handling.size(), 2U);
  EXPECT_EQ(handling[1].at("request").get<std::string>().substr(0, 24), "GET /slow/7 (connection ");
  EXPECT_GE(handling[1].at("age_s"), 0.0);
  const auto text = client.exchange(get("/debug/connections?format=text&limit=1")).body;
  EXPECT_NE(text.find("3 connections, 1 listed"), std::string::npos) << text;
  EXPECT_NE(text.find("GET /debug/connections?format=text"), std::string::npos) << text;
  for (const char* wrong : {"limit=x", "limit=1001", "format=xml", "state=asleep"}) {
    EXPECT_EQ(client.exchange(get("/debug/connections?" + std::string(wrong))).status, 400);
  }
  may_leave.store(true);
  EXPECT_EQ(slow.read_response().status, 200);
}

TEST_P(server_test, tells_what_its_scheduler_does) {
  server app(settings());
  start(app);
  support::raw_client client(port_of(app));
  const auto told = nlohmann::json::parse(client.exchange(get("/debug/scheduler")).body);
  EXPECT_EQ(told.at("stealing"), true);
  EXPECT_TRUE(told.at("frames").contains("live"));
  const auto metrics = client.exchange(get("/metrics")).body;
  EXPECT_NE(metrics.find("tacit_stalls_total "), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("tacit_polls_stolen_total "), std::string::npos) << metrics;
  if (GetParam().mode == threading::thread) {
    EXPECT_TRUE(told.at("workers").empty());
    return;
  }
  ASSERT_EQ(told.at("workers").size(), 2U);
  EXPECT_EQ(told.at("active_workers"), 2);
  EXPECT_EQ(told.at("cpu_limit").at("cpus"), 2);
  EXPECT_EQ(told.at("workers")[0].at("queue_depths").size(), 9U);
  EXPECT_EQ(told.at("roots"), 2);  // The listener and this connection.
}

// Also of many that come at once: none of their coroutines has run when the next is placed.
TEST(server, places_connections_evenly_on_its_workers) {
  options with;
  with.listen = "127.0.0.1:0";
  with.workers = 2;
  server app(with);
  ASSERT_TRUE(std::holds_alternative<std::monostate>(app.start()));
  const auto port =
      static_cast<std::uint16_t>(std::stoi(app.address().substr(app.address().rfind(':') + 1)));
  std::vector<support::raw_client> clients;
  for (int i = 0; i < 20; ++i)
    clients.emplace_back(port);
  const std::string asked = "GET /debug/runtime HTTP/1.1\r\nHost: a\r\n\r\n";
  for (auto& each : clients)
    static_cast<void>(each.exchange(asked));
  const auto told = nlohmann::json::parse(clients[0].exchange(asked).body);
  EXPECT_EQ(told.at("workers")[0].at("connections"), 10);
  EXPECT_EQ(told.at("workers")[1].at("connections"), 10);
}

TEST_P(server_test, a_drain_finishes_what_is_under_way) {
  server app(settings());
  std::promise<void> entered;
  std::atomic<bool> may_leave{false};
  app.get("/slow", [&](http::context& c) { return wait_for(entered, may_leave, c); });
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
  const auto refusal = third.read_response();
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.field("Connection"), "close");
  EXPECT_EQ(refusal.field("Retry-After"), "1");
  EXPECT_TRUE(third.closed_by_peer());
  const auto metrics = first.exchange(get("/metrics")).body;
  const std::string reason = GetParam().mode == threading::thread ? "threads" : "connections_max";
  EXPECT_NE(metrics.find("tacit_connections_refused_total{reason=\"" + reason + "\"} 1\n"),
            std::string::npos)
      << metrics;
}

TEST_P(server_test, bounds_the_connections_of_one_peer_and_frees_their_places) {
  auto with = settings();
  with.limits.connections_per_peer_max = 2;
  server app(with);
  start(app);
  support::raw_client first(port_of(app));
  static_cast<void>(first.exchange(get("/healthz")));
  {
    support::raw_client second(port_of(app));
    static_cast<void>(second.exchange(get("/healthz")));
    EXPECT_EQ(support::raw_client(port_of(app)).read_response().status, 503);
  }
  const auto open = [&] {
    const auto metrics = first.exchange(get("/metrics")).body;
    return metrics.find("tacit_connections 1\n") == std::string::npos ? 2 : 1;
  };
  ASSERT_TRUE(support::eventually([&] { return open() == 1; }));
  // The place is given back a moment after the connection has left the set.
  EXPECT_TRUE(support::eventually(
      [&] { return support::raw_client(port_of(app)).exchange(get("/healthz")).status == 200; }));
  const auto metrics = first.exchange(get("/metrics")).body;
  EXPECT_NE(metrics.find("tacit_connections_refused_total{reason=\"connections_per_peer_max\"} "),
            std::string::npos)
      << metrics;
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
