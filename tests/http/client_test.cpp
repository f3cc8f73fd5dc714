// What a client makes of its peers, over sockets.

#include <tacit/http/client.hpp>

#include <gtest/gtest.h>

#include <future>
#include <optional>

#include <tacit/sched/cancel.hpp>

#include "support/patience.hpp"
#include "support/scripted_origin.hpp"
#include "tests/io/run.hpp"

namespace tacit::http {
namespace {

using support::conversation;
using support::scripted_origin;
using namespace std::chrono_literals;
using base::errc;

/// An answer without what belongs to its client.
struct got {
  base::error_code error;
  int status = 0;
  std::string body;
  std::uint32_t tries = 0;
  bool on_reused = false;
  std::string trailers;
  std::string fields;
};

got to_got(const client_result& from) {
  got made{from.error,
           from.response.status,
           std::string(from.response.body),
           from.response.tries,
           from.response.on_reused,
           {},
           {}};
  for (const auto& [name, value] : from.response.trailers)
    made.trailers += name + "=" + value + ";";
  for (const auto& [name, value] : from.response.fields)
    made.fields += std::string(name) + "=" + std::string(value) + ";";
  return made;
}

sched::task<got> fetch(client& by, client_request request) {
  const client_result result = co_await by.send(request);
  co_return to_got(result);
}

sched::task<std::string> read_in_pieces(client& by, client_request request, std::size_t size) {
  client_result result = co_await by.start(request);
  std::string all(result.error ? "failed" : "");
  std::string piece(size, '\0');
  for (;;) {
    const io::transfer read = co_await result.response.read_some_body(piece);
    if (read.error) co_return all + "!" + read.error.message();
    if (read.bytes == 0) break;
    all.append(piece, 0, read.bytes);
  }
  for (const auto& [name, value] : result.response.trailers)
    all += "|" + name + "=" + value;
  co_return all;
}

sched::task<int> look_at_head_only(client& by, client_request request) {
  const client_result result = co_await by.start(request);
  co_return result.response.status;
}

std::string answer(const std::string& body, const std::string& fields = {}) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string in_chunks(const std::string& chunks) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
}

/// Answers one request with `text`, and closes.
scripted_origin::script once(std::string text) {
  return [text](conversation& with) {
    with.take_request();
    with.say(text);
  };
}

/// Answers every request with `text`, until the peer closes.
scripted_origin::script always(std::string text) {
  return [text](conversation& with) {
    while (!with.take_request().empty())
      with.say(text);
  };
}

void leave(conversation& with) {
  with.take_request();
}

void say_nothing(conversation& with) {
  with.await_end();
}

class client_test : public testing::Test {
 protected:
  got ask(client_request request, sched::cancel_scope* scope = nullptr) {
    return io::run(*pool, fetch(web(), request), scope);
  }
  got get(const std::string& url) { return ask({.url = url}); }
  /// What a client gets from a peer that says this once.
  got hear(const std::string& text) {
    scripted_origin origin({once(text)});
    return get(origin.url());
  }
  client& web() {
    if (!made) made.emplace(options);
    return *made;
  }

  client_options options{.retries = {.pause_min = 1ms, .pause_max = 2ms}};
  std::optional<client> made;
  std::optional<sched::scheduler> pool{std::in_place, io::reactors(1)};
};

TEST_F(client_test, an_answer_has_status_fields_and_body) {
  const got it = hear(answer("hello", "X-One: 1\r\nX-Two:  2 \r\n"));
  EXPECT_FALSE(it.error) << it.error.message();
  EXPECT_EQ(it.status, 200);
  EXPECT_EQ(it.fields, "X-One=1;X-Two=2;Content-Length=5;");
  EXPECT_EQ(it.body, "hello");
  EXPECT_EQ(it.tries, 1U);
}

TEST_F(client_test, a_request_says_what_it_is_told) {
  std::promise<std::string> heard;
  scripted_origin origin({[&](conversation& with) {
    heard.set_value(with.take_request());
    with.say(answer(""));
  }});
  const field more[] = {{"X-A", "1"}, {"X-B", "2"}};
  options.user_agent = "me/1";
  ask({.method = method::put, .url = origin.url("?q#f"), .fields = more, .body = "body"});
  const std::string host = origin.url("").substr(7);
  EXPECT_EQ(heard.get_future().get(), "PUT /?q HTTP/1.1\r\nHost: " + host +
                                          "\r\nUser-Agent: me/1\r\nX-A: 1\r\nX-B: 2\r\n"
                                          "Content-Length: 4\r\n\r\nbody");
}

TEST_F(client_test, what_would_not_be_one_request_is_refused) {
  const field split[] = {{"X", "a\r\nY: b"}};
  const field bad_name[] = {{"X Y", "a"}};
  const field framing[] = {{"content-length", "1"}};
  EXPECT_EQ(ask({.url = "http://127.0.0.1:1/", .fields = split}).error, errc::malformed);
  EXPECT_EQ(ask({.url = "http://127.0.0.1:1/", .fields = bad_name}).error, errc::malformed);
  EXPECT_EQ(ask({.url = "http://127.0.0.1:1/", .fields = framing}).error, errc::wrong_use);
  EXPECT_EQ(ask({.url = "http://127.0.0.1:1/", .target = "/a b"}).error, errc::malformed);
  EXPECT_EQ(ask({.url = "127.0.0.1:1"}).error, errc::malformed);
  EXPECT_EQ(ask({.method = method::connect, .url = "http://a/"}).error, errc::wrong_use);
  EXPECT_EQ(ask({.url = "https://127.0.0.1:1/"}).error, errc::unsupported);
  EXPECT_EQ(web().stats().failures, 7U);
}

TEST_F(client_test, a_large_body_is_sent_whole) {
  std::promise<std::size_t> heard;
  scripted_origin origin({[&](conversation& with) {
    const std::string request = with.take_request();
    heard.set_value(request.size() - request.find("\r\n\r\n") - 4);
    with.say(answer("done"));
  }});
  const std::string body(5'000'000, 'b');
  EXPECT_EQ(ask({.method = method::post, .url = origin.url(), .body = body}).body, "done");
  EXPECT_EQ(heard.get_future().get(), body.size());
}

// ---- Where an answer ends ----

TEST_F(client_test, an_answer_may_come_in_chunks_with_trailers_byte_by_byte) {
  const std::string text = in_chunks("2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-A: 1\r\nHost: b\r\n\r\n");
  scripted_origin origin({[&](conversation& with) {
    while (!with.take_request().empty())
      with.say_byte_by_byte(text);
  }});
  for (int i = 0; i < 2; ++i) {
    const got it = get(origin.url());
    EXPECT_FALSE(it.error) << it.error.message();
    EXPECT_EQ(it.body, "hello");
    EXPECT_EQ(it.trailers, "X-A=1;") << "what frames a message is no trailer";
  }
  EXPECT_EQ(origin.accepted(), 1U);
}

TEST_F(client_test, a_body_without_a_length_ends_with_the_connection) {
  EXPECT_EQ(hear("HTTP/1.1 200 OK\r\n\r\nhello").body, "hello");
  EXPECT_EQ(hear("HTTP/1.0 200 OK\r\n\r\nhello").body, "hello");
  EXPECT_EQ(web().stats().idle, 0U);
}

TEST_F(client_test, some_answers_have_no_body_whatever_their_fields_say) {
  scripted_origin to_head({always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")});
  scripted_origin empty({always("HTTP/1.1 204 No Content\r\n\r\n")});
  scripted_origin same({always("HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n")});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask({.method = method::head, .url = to_head.url()}).status, 200);
    EXPECT_EQ(get(empty.url()).status, 204);
    EXPECT_EQ(get(same.url()).status, 304);
  }
  EXPECT_EQ(web().stats().connections_opened, 3U);
}

TEST_F(client_test, interim_answers_are_passed_over) {
  EXPECT_EQ(hear("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                 answer("hello", "X: 1\r\n"))
                .fields,
            "X=1;Content-Length=5;");
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(hear(many + answer("")).error, errc::malformed);
}

TEST_F(client_test, an_answer_that_is_cut_short_is_told_from_a_whole_one) {
  EXPECT_EQ(hear("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello").error, errc::incomplete);
  EXPECT_EQ(hear(in_chunks("5\r\nhello\r\n")).error, errc::incomplete);
  EXPECT_EQ(hear(in_chunks("5\r\nhello\r\n0\r\n")).error, errc::incomplete);
  EXPECT_EQ(hear("HTTP/1.1 200 OK\r\nContent-Le").error, errc::incomplete);
}

TEST_F(client_test, an_answer_that_leaves_a_doubt_is_refused) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const std::string& each : {
           std::string("garbage"),
           std::string("HTTP/2.0 200 OK\r\n\r\n"),
           std::string("HTTP/1.1 20 OK\r\n\r\n"),
           std::string("HTTP/1.1 2000 OK\r\n\r\n"),
           std::string("HTTP/1.1 099 OK\r\n\r\n"),
           std::string("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
           std::string("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
           head + "Content-Length: 1, 1\r\n\r\nx",
           head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: gzip\r\n\r\nx",
           head + "Content-Length: -1\r\n\r\n",
           head + "Content-Length: 99999999999999999999\r\n\r\n",
           head + "X: a\r\n b\r\n\r\n",
           head + "X : a\r\n\r\n",
           in_chunks("x\r\n\r\n"),
           in_chunks("5\r\nhelloX\r\n0\r\n\r\n"),
           in_chunks("fffffffffffffffff\r\n"),
           in_chunks("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
       }) {
    const got it = hear(each);
    EXPECT_EQ(it.error, errc::malformed) << each << ": " << it.error.message();
    EXPECT_EQ(it.tries, 1U) << each;
  }
  EXPECT_EQ(web().stats().open, 0U);
}

TEST_F(client_test, an_answer_that_is_too_large_is_refused) {
  options.body_bytes_max = 4;
  options.head_bytes_max = 1000;
  options.fields_max = 3;
  EXPECT_EQ(hear(answer("hello")).error, errc::too_large);
  EXPECT_EQ(hear(in_chunks("5\r\nhello\r\n0\r\n\r\n")).error, errc::too_large);
  EXPECT_EQ(hear("HTTP/1.1 200 OK\r\nX: " + std::string(1000, 'x')).error, errc::too_large);
  EXPECT_TRUE(hear("HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n").error);
  EXPECT_EQ(hear(answer("four")).body, "four");
}

TEST_F(client_test, a_body_can_be_read_piece_by_piece) {
  options.body_bytes_max = 4;
  scripted_origin origin({always(in_chunks("5\r\nhello\r\n6\r\n world\r\n0\r\nX: 1\r\n\r\n"))});
  for (const std::size_t size : {1, 4, 100}) {
    EXPECT_EQ(io::run(*pool, read_in_pieces(web(), {.url = origin.url()}, size)),
              "hello world|X=1");
  }
  EXPECT_EQ(origin.accepted(), 1U);
  scripted_origin cut({once("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello")});
  EXPECT_EQ(io::run(*pool, read_in_pieces(web(), {.url = cut.url()}, 100)),
            "hello!the connection ended in the middle of a message");
}

// ---- Which connection ----

TEST_F(client_test, a_connection_is_used_again) {
  scripted_origin origin({always(answer("hello"))});
  EXPECT_FALSE(get(origin.url("/a")).on_reused);
  EXPECT_TRUE(get(origin.url("/b")).on_reused);
  EXPECT_EQ(origin.accepted(), 1U);
  EXPECT_EQ(web().stats().connections_reused, 1U);
  EXPECT_EQ(web().stats().idle, 1U);
}

TEST_F(client_test, a_connection_is_not_used_again_if_either_side_or_its_state_forbids_it) {
  for (const std::string& each : {
           answer("hello", "Connection: close\r\n"),
           "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello" + std::string(),
           answer("hello") + "more",
       }) {
    scripted_origin origin({[&](conversation& with) {
      with.take_request();
      with.say(each);
      with.await_end();
    }});
    EXPECT_EQ(get(origin.url()).body, "hello");
    EXPECT_EQ(get(origin.url()).body, "hello");
    EXPECT_EQ(origin.accepted(), 2U) << each;
  }
}

TEST_F(client_test, an_answer_that_is_not_read_to_its_end_closes_its_connection) {
  std::promise<void> closed;
  scripted_origin origin({[&](conversation& with) {
    with.take_request();
    with.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    with.await_end();
    closed.set_value();
  }});
  EXPECT_EQ(io::run(*pool, look_at_head_only(web(), {.url = origin.url()})), 200);
  EXPECT_EQ(closed.get_future().wait_for(support::patience), std::future_status::ready);
  EXPECT_EQ(web().stats().open, 0U);
}

TEST_F(client_test, an_idle_connection_is_closed_after_its_time) {
  options.idle_timeout = 20ms;
  std::promise<void> closed;
  scripted_origin origin({[&](conversation& with) {
    with.take_request();
    with.say(answer("hello"));
    with.await_end();
    closed.set_value();
  }});
  EXPECT_EQ(get(origin.url()).body, "hello");
  EXPECT_EQ(closed.get_future().wait_for(support::patience), std::future_status::ready);
  EXPECT_TRUE(support::eventually([&] { return web().stats().open == 0; }));
}

TEST_F(client_test, idle_connections_are_closed_when_the_scheduler_stops) {
  scripted_origin origin({always(answer("hello"))});
  EXPECT_EQ(get(origin.url()).body, "hello");
  pool.reset();
  EXPECT_EQ(web().stats().open, 0U);
}

TEST_F(client_test, requests_wait_in_line_when_all_connections_are_in_use) {
  options.connections_per_origin_max = 1;
  std::promise<void> go_on;
  std::string order;
  scripted_origin origin({[&](conversation& with) {
    for (int i = 0; i < 4; ++i) {
      const std::string request = with.take_request();
      if (i == 0) go_on.get_future().wait();
      order += request.substr(5, 1);
      with.say(answer("hello"));
    }
  }});
  std::vector<std::string> urls;
  std::vector<sched::join_handle<got>> all;
  for (const char* path : {"/0", "/1", "/2", "/3"})
    urls.push_back(origin.url(path));
  for (std::uint32_t i = 0; i < 4; ++i) {
    all.push_back(pool->spawn(fetch(web(), {.url = urls[i]})));
    ASSERT_TRUE(
        support::eventually([&] { return web().stats().open == 1 && web().stats().waiting == i; }));
  }
  go_on.set_value();
  for (auto& each : all)
    EXPECT_EQ(sched::block_on(io::join(std::move(each))).body, "hello");
  EXPECT_EQ(order, "0123");
  EXPECT_EQ(origin.accepted(), 1U);
}

TEST_F(client_test, one_that_waits_in_line_can_be_cancelled_or_run_out_of_time) {
  options.connections_per_origin_max = 1;
  options.waiting_per_origin_max = 1;
  scripted_origin origin({say_nothing, always(answer("hello"))});
  const std::string url = origin.url();
  sched::cancel_scope first_scope, second_scope;
  auto first = pool->spawn(fetch(web(), {.url = url}), {.scope = &first_scope});
  ASSERT_TRUE(support::eventually([&] { return origin.accepted() == 1; }));
  auto second = pool->spawn(fetch(web(), {.url = url}), {.scope = &second_scope});
  ASSERT_TRUE(support::eventually([&] { return web().stats().waiting == 1; }));
  EXPECT_EQ(get(url).error, errc::overloaded) << "the line is full";
  EXPECT_EQ(web().stats().refused, 1U);
  second_scope.cancel(errc::client_gone);
  EXPECT_EQ(sched::block_on(io::join(std::move(second))).error, errc::client_gone);
  EXPECT_EQ(ask({.url = url, .timeout = 20ms}).error, errc::timed_out);
  EXPECT_EQ(web().stats().waiting, 0U);
  auto third = pool->spawn(fetch(web(), {.url = url}));
  ASSERT_TRUE(support::eventually([&] { return web().stats().waiting == 1; }));
  first_scope.cancel();
  EXPECT_EQ(sched::block_on(io::join(std::move(first))).error, errc::cancelled);
  EXPECT_EQ(sched::block_on(io::join(std::move(third))).body, "hello");
}

// ---- Time ----

TEST_F(client_test, a_request_has_its_deadline_and_then_the_connection_is_closed) {
  std::promise<void> closed;
  scripted_origin origin({[&](conversation& with) {
    with.take_request();
    with.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    with.await_end();
    closed.set_value();
  }});
  const got it = ask({.url = origin.url(), .timeout = 50ms});
  EXPECT_EQ(it.error, errc::timed_out);
  EXPECT_EQ(it.tries, 1U);
  EXPECT_EQ(closed.get_future().wait_for(support::patience), std::future_status::ready);
}

TEST_F(client_test, a_cancelled_request_closes_its_connection) {
  std::promise<void> asked, closed;
  scripted_origin origin({[&](conversation& with) {
    with.take_request();
    asked.set_value();
    with.await_end();
    closed.set_value();
  }});
  sched::cancel_scope scope;
  const std::string url = origin.url();
  auto running = pool->spawn(fetch(web(), {.url = url}), {.scope = &scope});
  asked.get_future().wait();
  scope.cancel(errc::client_gone);
  const got it = sched::block_on(io::join(std::move(running)));
  EXPECT_EQ(it.error, errc::client_gone);
  EXPECT_EQ(it.tries, 1U);
  EXPECT_EQ(closed.get_future().wait_for(support::patience), std::future_status::ready);
}

// ---- Again ----

TEST_F(client_test, a_request_that_can_be_repeated_is_sent_again_when_the_connection_breaks) {
  for (const scripted_origin::script& breaks :
       {scripted_origin::script(leave), scripted_origin::script([](conversation& with) {
          with.take_request();
          with.reset();
        })}) {
    scripted_origin origin({breaks, always(answer("hello"))});
    const got it = get(origin.url());
    EXPECT_EQ(it.body, "hello") << it.error.message();
    EXPECT_EQ(it.tries, 2U);
    EXPECT_EQ(origin.accepted(), 2U);
  }
}

TEST_F(client_test, a_post_is_not_unless_it_says_that_it_may) {
  scripted_origin origin({leave, leave, always(answer("hello"))});
  const got never = ask({.method = method::post, .url = origin.url(), .body = "x"});
  EXPECT_EQ(never.error, errc::end_of_stream);
  EXPECT_EQ(never.tries, 1U);
  const got again =
      ask({.method = method::post, .url = origin.url(), .body = "x", .is_idempotent = true});
  EXPECT_EQ(again.body, "hello");
  EXPECT_EQ(again.tries, 2U);
}

TEST_F(client_test, a_connection_that_breaks_when_it_is_used_again_is_replaced_at_once) {
  const scripted_origin::script answer_once_and_leave_at_the_second = [](conversation& with) {
    with.take_request();
    with.say(answer("hello"));
    with.take_request();
  };
  scripted_origin origin({answer_once_and_leave_at_the_second, always(answer("again"))});
  options.retries.share_max = 0;
  EXPECT_EQ(get(origin.url()).body, "hello");
  const got it = get(origin.url());
  EXPECT_EQ(it.body, "again");
  EXPECT_EQ(it.tries, 2U);
  scripted_origin other({answer_once_and_leave_at_the_second, always(answer("again"))});
  EXPECT_EQ(get(other.url()).body, "hello");
  EXPECT_EQ(ask({.method = method::post, .url = other.url()}).error, errc::end_of_stream);
}

TEST_F(client_test, a_connection_that_the_peer_has_closed_is_noticed_before_it_is_used) {
  std::promise<void> leave;
  std::promise<void> left;
  scripted_origin origin({[&](conversation& with) {
                            with.take_request();
                            with.say(answer("hello"));
                            leave.get_future().wait();
                            with.hang_up();
                            left.set_value();
                          },
                          always(answer("again"))});
  EXPECT_EQ(get(origin.url()).body, "hello");
  leave.set_value();
  left.get_future().wait();
  // Over the loopback device the end has arrived when hang_up() returns.
  const got it = ask({.method = method::post, .url = origin.url(), .body = "x"});
  EXPECT_EQ(it.body, "again");
  EXPECT_EQ(it.tries, 1U);
  EXPECT_EQ(web().stats().connections_stale, 1U);
}

TEST_F(client_test, who_cannot_be_reached_is_tried_again_within_bounds) {
  std::string url;
  { url = scripted_origin({say_nothing}).url(); }
  const got it = ask({.method = method::post, .url = url});
  EXPECT_EQ(it.error, boost::system::errc::connection_refused) << it.error.message();
  EXPECT_EQ(it.tries, 3U) << "nothing was sent, so even a POST";
  EXPECT_EQ(web().stats().open, 0U);
}

TEST_F(client_test, not_more_than_a_share_of_the_requests_is_sent_again) {
  options.retries.tries_max = 2;
  options.retries.share_max = 0.5;
  scripted_origin origin({leave});
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(get(origin.url()).error, errc::end_of_stream);
  EXPECT_GE(web().stats().retries_suppressed, 5U);
  EXPECT_LE(web().stats().retries, 25U) << "ten, and half of thirty";
}

TEST_F(client_test, an_answer_may_say_when_to_come_back) {
  options.retries.honours_retry_after = true;
  options.retries.retry_after_max = 1s;
  const std::string busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nRetry-After: ";
  scripted_origin origin({[&](conversation& with) {
    with.take_request();
    with.say(busy + "0\r\n\r\nbusy");
    with.take_request();
    with.say(answer("hello"));
  }});
  const got it = get(origin.url());
  EXPECT_EQ(it.body, "hello");
  EXPECT_EQ(it.tries, 2U);
  EXPECT_TRUE(it.on_reused);
  scripted_origin later({always(busy + "2\r\n\r\nbusy")});
  EXPECT_EQ(get(later.url()).status, 503) << "that is too long";
  scripted_origin posted({always(busy + "0\r\n\r\nbusy")});
  EXPECT_EQ(ask({.method = method::post, .url = posted.url()}).tries, 1U);
}

// ---- Names, and other transports ----

TEST_F(client_test, a_name_is_looked_up) {
  scripted_origin origin({always(answer("hello"))});
  std::string url = origin.url();
  url.replace(7, 9, "localhost");
  EXPECT_EQ(get(url).body, "hello");
  EXPECT_TRUE(get("http://no-such-host.invalid/").error);
}

}  // namespace
}  // namespace tacit::http
