// What a handler and its peer notice of each other over TCP: backpressure, leaving, deadlines.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include <tacit/sched/cancel.hpp>
#include <tacit/server/server.hpp>
#include <tacit/sync/sleep.hpp>

#include "support/patience.hpp"
#include "support/raw_client.hpp"

namespace tacit::server {
namespace {

using support::raw_client;
using namespace std::chrono_literals;

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

/// How the wait of a handler ended.
using ending = std::promise<base::error_code>;

sched::task<> wait_long(ending& ended, http::context& c) {
  const base::error_code why = co_await sync::sleep_for(1h);
  ended.set_value(why);
  if (!why) c.text("slept");
}

sched::task<> wait_long_in_a_stream(ending& ended, http::context& c) {
  const base::error_code failed = co_await c.start_stream("x/y");
  EXPECT_FALSE(failed);
  const base::error_code unsent = co_await c.flush();
  EXPECT_FALSE(unsent);
  const base::error_code why = co_await sync::sleep_for(1h);
  ended.set_value(why);
}

sched::task<> read_then_wait(ending& ended, http::context& c) {
  const http::body_read body = co_await c.read_body();
  EXPECT_EQ(body.bytes, "hello");
  const base::error_code why = co_await sync::sleep_for(1h);
  ended.set_value(why);
}

sched::task<> read_for_ever(ending& ended, http::context& c) {
  for (;;) {
    const http::body_read got = co_await c.read_some_body();
    if (!got.error && !got.bytes.empty()) continue;
    ended.set_value(got.error);
    co_return;
  }
}

sched::task<> write_for_ever(std::atomic<std::uint64_t>& written, ending& ended, http::context& c) {
  const base::error_code begun = co_await c.start_stream("x/y");
  EXPECT_FALSE(begun);
  const std::string block(64 * 1024, 'x');
  for (;;) {
    const base::error_code failed = co_await c.write(block);
    if (failed) {
      ended.set_value(failed);
      co_return;
    }
    written += block.size();
  }
}

sched::task<> give_up_in_time(http::context& c) {
  const base::error_code why = co_await sync::sleep_for(1h);
  if (why) c.status(504).text("gave up");
}

sched::task<> sleep_a_little(http::context& c) {
  const base::error_code why = co_await sync::sleep_for(20ms);
  c.text(why ? "cut short" : "slept");
}

class exchange_test : public testing::TestWithParam<threading> {
 protected:
  static options settings() {
    options chosen;
    chosen.listen = "127.0.0.1:0";
    chosen.mode = GetParam();
    chosen.workers = 2;
    return chosen;
  }
  void start() {
    const auto started = app.start();
    ASSERT_TRUE(std::holds_alternative<std::monostate>(started));
    const std::string& address = app.address();
    port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  /// What the handler that got `ended` was told.
  base::error_code told() { return future.get(); }
  double metric(const std::string& name) {
    const std::string text = raw_client(port).exchange(get("/metrics")).body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  server app{settings()};
  std::uint16_t port = 0;
  ending ended;
  std::future<base::error_code> future = ended.get_future();
};

class coroutine_exchange_test : public exchange_test {};

INSTANTIATE_TEST_SUITE_P(modes, exchange_test,
                         testing::Values(threading::coroutine, threading::thread),
                         [](const auto& each) { return std::string(to_string(each.param)); });
INSTANTIATE_TEST_SUITE_P(modes, coroutine_exchange_test, testing::Values(threading::coroutine),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(coroutine_exchange_test, a_handler_is_cancelled_when_its_client_leaves) {
  app.get("/wait", [this](http::context& c) { return wait_long(ended, c); });
  start();
  { raw_client(port).send(get("/wait")); }
  EXPECT_EQ(told(), make_error_code(base::errc::client_gone));
  EXPECT_TRUE(support::eventually([&] { return metric("tacit_http_clients_gone_total") == 1; }));
}

TEST_P(coroutine_exchange_test, so_is_one_that_streams) {
  app.get("/wait", [this](http::context& c) { return wait_long_in_a_stream(ended, c); });
  start();
  { raw_client(port).send(get("/wait")); }
  EXPECT_EQ(told(), make_error_code(base::errc::client_gone));
  EXPECT_TRUE(support::eventually([&] { return metric("tacit_http_clients_gone_total") == 1; }));
  EXPECT_EQ(metric("tacit_http_cut_answers_total"), 0);
}

TEST_P(coroutine_exchange_test, so_is_one_that_has_read_its_body) {
  app.post("/wait", [this](http::context& c) { return read_then_wait(ended, c); });
  start();
  {
    raw_client client(port);
    client.send("POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    client.await_read();
    client.send("llo");
    client.await_read();
  }
  EXPECT_EQ(told(), make_error_code(base::errc::client_gone));
}

TEST_P(coroutine_exchange_test, a_client_that_has_asked_for_more_is_not_gone) {
  app.get("/little", sleep_a_little);
  start();
  raw_client client(port);
  client.send(get("/little") + get("/little"));
  client.finish_sending();
  EXPECT_EQ(client.read_response().body, "slept");
  EXPECT_EQ(client.read_response().status, 200) << "it may have been cut short by now";
}

TEST_P(coroutine_exchange_test, what_is_sent_while_a_handler_waits_is_the_next_request) {
  app.get("/little", sleep_a_little);
  app.get("/next", [](http::context& c) { c.text("next"); });
  start();
  raw_client client(port);
  for (int i = 0; i < 20; ++i) {
    client.send(get("/little"));
    client.await_read();
    client.send(get("/next") + get("/little"));
    EXPECT_EQ(client.read_response().body, "slept");
    EXPECT_EQ(client.read_response().body, "next");
    EXPECT_EQ(client.read_response().body, "slept");
  }
}

TEST_P(exchange_test, a_handler_whose_client_leaves_while_it_reads_is_told) {
  app.post("/read", [this](http::context& c) { return read_for_ever(ended, c); });
  start();
  { raw_client(port).send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"); }
  EXPECT_EQ(told(), make_error_code(base::errc::client_gone));
}

TEST_P(exchange_test, a_handler_that_writes_waits_for_a_peer_that_does_not_read) {
  std::atomic<std::uint64_t> written{0};
  app.get("/flood", [&](http::context& c) { return write_for_ever(written, ended, c); });
  start();
  {
    raw_client client(port);
    client.send(get("/flood"));
    // It stops once the sockets' buffers are full: a few megabytes.
    std::uint64_t before = 0;
    ASSERT_TRUE(support::eventually([&] {
      std::this_thread::sleep_for(50ms);
      return written != 0 && before == std::exchange(before, written.load());
    }));
    EXPECT_LT(written, 64U << 20);
  }
  EXPECT_TRUE(told());
}

TEST_P(exchange_test, a_handler_has_no_more_time_than_the_limit) {
  options limited = settings();
  limited.limits.handler_timeout = 30ms;
  server own(limited);
  own.get("/wait", [this](http::context& c) { return wait_long(ended, c); });
  own.get("/graceful", give_up_in_time);
  own.get("/fast", [](http::context& c) { c.text("fast"); });
  ASSERT_TRUE(std::holds_alternative<std::monostate>(own.start()));
  const std::string& address = own.address();
  port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  raw_client client(port);
  EXPECT_EQ(client.exchange(get("/wait")).status, 503);
  EXPECT_EQ(told(), make_error_code(base::errc::timed_out));
  EXPECT_EQ(client.exchange(get("/fast")).body, "fast");
  const auto answer = client.exchange(get("/graceful"));
  EXPECT_EQ(answer.status, 504) << "an answer of the handler's own counts";
  EXPECT_EQ(metric("tacit_http_handler_timeouts_total"), 2);
}

TEST_P(exchange_test, the_limit_of_time_reaches_the_reading_of_the_body) {
  options limited = settings();
  limited.limits.handler_timeout = 30ms;
  limited.limits.body_timeout = 200ms;  // Thread mode blocks in the read for so long.
  server own(limited);
  own.post("/read", [this](http::context& c) { return read_for_ever(ended, c); });
  ASSERT_TRUE(std::holds_alternative<std::monostate>(own.start()));
  const std::string& address = own.address();
  port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  raw_client client(port);
  client.send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
  EXPECT_EQ(told(), make_error_code(base::errc::timed_out));
  const int status = client.read_response().status;
  EXPECT_EQ(status, GetParam() == threading::coroutine ? 503 : 408);
}

TEST_P(exchange_test, a_body_that_trickles_is_answered_408) {
  options limited = settings();
  limited.limits.body_timeout = 200ms;
  limited.limits.body_bytes_per_s_min = 1000;
  server own(limited);
  own.post("/read", [this](http::context& c) { return read_for_ever(ended, c); });
  own.post("/plain", [](http::context& c) { c.text("done"); });
  ASSERT_TRUE(std::holds_alternative<std::monostate>(own.start()));
  const std::string& address = own.address();
  port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  for (const char* path : {"/read", "/plain"}) {
    raw_client client(port);
    client.send("POST " + std::string(path) +
                " HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
    while (!client.readable()) {
      client.send("x");
      std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(client.read_response().status, 408) << path;
  }
  EXPECT_EQ(told(), make_error_code(base::errc::timed_out));
}

}  // namespace
}  // namespace tacit::server
