// How a stream of events lives and ends, over TCP.

#include <tacit/http/server_sent_events.hpp>

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include <tacit/http/compression.hpp>
#include <tacit/server/server.hpp>
#include <tacit/sync/gate.hpp>
#include <tacit/sync/sleep.hpp>

#include "support/patience.hpp"
#include "support/raw_client.hpp"

namespace tacit::server {
namespace {

using support::raw_client;
using namespace std::chrono_literals;

constexpr const char* ask = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

/// What a stream is to do, and how it ended.
struct plan {
  http::event_stream_options options;
  sync::gate open;  // The source goes on when it is closed.
  std::promise<base::error_code> outcome;
};

sched::task<> greet_and_wait(http::event_stream& events, plan& of) {
  const base::error_code unsent = co_await events.send({.data = "hello"});
  EXPECT_FALSE(unsent);
  const base::error_code over = co_await of.open.drained();
  if (over) co_return;
  const base::error_code last = co_await events.send({.data = "bye"});
  EXPECT_FALSE(last);
}

sched::task<> tick_fast(http::event_stream& events, plan&) {
  for (;;) {
    const base::error_code unsent = co_await events.send({.data = "tick"});
    if (unsent) co_return;
    const base::error_code over = co_await sync::sleep_for(1ms);
    if (over) co_return;
  }
}

sched::task<> serve(plan& of, sched::task<> (*source)(http::event_stream&, plan&),
                    http::context& c) {
  http::event_stream events(c, of.options);
  const base::error_code outcome = co_await events.run(source(events, of));
  of.outcome.set_value(outcome);
}

class event_stream_test : public testing::TestWithParam<threading> {
 protected:
  static options settings() {
    options chosen;
    chosen.listen = "127.0.0.1:0";
    chosen.mode = GetParam();
    chosen.workers = 2;
    return chosen;
  }
  void start(sched::task<> (*source)(http::event_stream&, plan&)) {
    app.get("/events", [this, source](http::context& c) { return serve(of, source, c); });
    const auto started = app.start();
    ASSERT_TRUE(std::holds_alternative<std::monostate>(started));
    const std::string& address = app.address();
    port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  plan of;
  server app{settings()};
  std::uint16_t port = 0;
  std::future<base::error_code> outcome = of.outcome.get_future();
};

class coroutine_event_stream_test : public event_stream_test {};

INSTANTIATE_TEST_SUITE_P(modes, event_stream_test,
                         testing::Values(threading::coroutine, threading::thread),
                         [](const auto& each) { return std::string(to_string(each.param)); });
INSTANTIATE_TEST_SUITE_P(modes, coroutine_event_stream_test, testing::Values(threading::coroutine),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(event_stream_test, a_drain_ends_a_stream_in_order) {
  start(tick_fast);
  raw_client client(port);
  client.send(ask);
  EXPECT_NE(client.read_through("data: tick").find("text/event-stream"), std::string::npos);
  EXPECT_EQ(app.stop(), 0U) << "nothing was cut";
  EXPECT_EQ(outcome.get(), make_error_code(base::errc::draining));
  const std::string rest = client.read_to_end();
  EXPECT_TRUE(rest.ends_with("\r\n0\r\n\r\n")) << rest.substr(rest.size() - 20);
}

TEST_P(coroutine_event_stream_test, a_drain_ends_the_waits_of_the_source) {
  start(greet_and_wait);
  raw_client client(port);
  client.send(ask);
  client.read_through("data: hello");
  EXPECT_EQ(app.stop(), 0U);
  EXPECT_EQ(outcome.get(), make_error_code(base::errc::draining));
  EXPECT_TRUE(client.read_to_end().ends_with("0\r\n\r\n"));
}

TEST_P(coroutine_event_stream_test, a_silent_stream_is_kept_alive_by_comments) {
  of.options.keep_alive = 10ms;
  start(greet_and_wait);
  raw_client client(port);
  client.send(ask);
  client.read_through("data: hello\n\n");
  client.read_through(": keep-alive\n\n");
  client.read_through(": keep-alive\n\n");
  of.open.close();
  client.read_through("data: bye\n\n");
  EXPECT_EQ(outcome.get(), base::error_code());
  client.read_through("0\r\n\r\n");
  EXPECT_EQ(client.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").status, 200)
      << "the connection can be used further";
}

TEST_P(coroutine_event_stream_test, a_client_that_leaves_ends_the_stream) {
  start(greet_and_wait);
  {
    raw_client client(port);
    client.send(ask);
    client.read_through("data: hello");
  }
  EXPECT_EQ(outcome.get(), make_error_code(base::errc::client_gone));
}

TEST_P(event_stream_test, a_client_that_leaves_ends_a_stream_that_sends) {
  start(tick_fast);
  {
    raw_client client(port);
    client.send(ask);
    client.read_through("data: tick");
  }
  EXPECT_TRUE(outcome.get());
}

TEST_P(coroutine_event_stream_test, a_compressed_event_leaves_at_once) {
  app.use(http::compression());
  start(greet_and_wait);
  raw_client client(port);
  client.send("GET /events HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_NE(client.read_through("\r\n\r\n").find("Content-Encoding: gzip"), std::string::npos);
  // gzip's header, a flushed block, and the empty block that a flush ends with.
  EXPECT_FALSE(client.read_through({"\0\0\xff\xff", 4}).empty());
  of.open.close();
  client.read_through("0\r\n\r\n");
  EXPECT_EQ(outcome.get(), base::error_code());
}

}  // namespace
}  // namespace tacit::server
