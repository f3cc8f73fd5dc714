// The client against our own server, with many requests at a time on several workers.

#include <tacit/http/client.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <tacit/io/reactor.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/server/server.hpp>

namespace tacit::server {
namespace {

constexpr int clients = 16;
constexpr int requests_each = 20;

sched::task<int> ask_often(http::client& web, std::string url, std::string body) {
  int right = 0;
  for (int i = 0; i < requests_each; ++i) {
    const http::client_result got =
        co_await web.send({.method = http::method::post, .url = url, .body = body});
    if (!got.error && got.response.status == 200 && std::string_view(got.response.body) == body)
      ++right;
  }
  co_return right;
}

sched::task<int> join(sched::join_handle<int> handle) {
  co_return co_await std::move(handle);
}

/// Answers with what another server says.
sched::task<> pass_on(http::client& web, const std::string& to, http::context& c) {
  const http::client_result got = co_await web.get(to);
  if (got.error) co_return c.problem(502, got.error.message());
  c.body(got.response.body, "text/plain");
}

sched::task<int> ask_proxy(http::client& web, const std::string& url) {
  int right = 0;
  for (int i = 0; i < requests_each; ++i) {
    const http::client_result got = co_await web.get(url);
    if (!got.error && got.response.body == "from the origin") ++right;
  }
  co_return right;
}

class client_server_test : public testing::TestWithParam<threading> {
 protected:
  static options settings(threading mode) {
    options chosen;
    chosen.listen = "127.0.0.1:0";
    chosen.mode = mode;
    chosen.workers = 2;
    return chosen;
  }
  server app{settings(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(modes, client_server_test,
                         testing::Values(threading::coroutine, threading::thread),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(client_server_test, many_requests_share_few_connections) {
  app.post("/echo", [](http::context& c) { c.body(c.request.body, "text/plain"); });
  ASSERT_TRUE(std::holds_alternative<std::monostate>(app.start()));
  http::client web({.connections_per_origin_max = 4});
  sched::scheduler pool(io::with_reactors({.workers = 2, .make_poller = {}}));
  std::vector<sched::join_handle<int>> all;
  for (int i = 0; i < clients; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 1000, static_cast<char>('a' + i));
    all.push_back(pool.spawn(ask_often(web, "http://" + app.address() + "/echo", body)));
  }
  int right = 0;
  for (auto& each : all)
    right += sched::block_on(join(std::move(each)));
  EXPECT_EQ(right, clients * requests_each);
  EXPECT_LE(web.stats().connections_opened, 4U);
  EXPECT_EQ(web.stats().requests, static_cast<std::uint64_t>(clients * requests_each));
  EXPECT_EQ(web.stats().waiting, 0U);
}

// The client outlives the server whose workers it runs on.
TEST_P(client_server_test, a_handler_asks_another_server) {
  http::client web;
  app.get("/origin", [](http::context& c) { c.text("from the origin"); });
  ASSERT_TRUE(std::holds_alternative<std::monostate>(app.start()));
  const std::string url = "http://" + app.address() + "/origin";
  server proxy(settings(threading::coroutine));
  proxy.get("/proxy", [&](http::context& c) { return pass_on(web, url, c); });
  ASSERT_TRUE(std::holds_alternative<std::monostate>(proxy.start()));
  http::client user;
  sched::scheduler pool(io::with_reactors({.workers = 1, .make_poller = {}}));
  const std::string asked = "http://" + proxy.address() + "/proxy";
  const int right = sched::block_on(join(pool.spawn(ask_proxy(user, asked))));
  EXPECT_EQ(right, requests_each);
  proxy.stop();
  EXPECT_EQ(web.stats().open, 0U);
}

}  // namespace
}  // namespace tacit::server
