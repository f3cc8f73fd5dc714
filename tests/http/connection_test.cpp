#include "http/serve_connection.hpp"

#include <gtest/gtest.h>

#include "http/served.hpp"

namespace tacit::http {
namespace {

using support::get;
using support::memory_stream;
using support::npos;
using support::served;

std::string answer(const std::string& body, const std::string& type = "text/plain; charset=utf-8") {
  return "HTTP/1.1 200 OK\r\nServer: tacit\r\nDate: D\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

int count(const std::string& text, const std::string& what) {
  int found = 0;
  for (auto at = text.find(what); at != npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

class connection_test : public testing::TestWithParam<memory::mode> {
 protected:
  served s{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(memory, connection_test,
                         testing::Values(memory::mode::arena, memory::mode::heap),
                         [](const auto& mode) { return std::string(to_string(mode.param)); });

TEST_P(connection_test, answers_one_request_after_another) {
  EXPECT_EQ(s.answers_to({get("/plain"), get("/item/7")}), answer("hello") + answer("7"));
}

TEST_P(connection_test, answers_pipelined_requests_in_order_with_one_write) {
  memory_stream peer({get("/item/1") + get("/sleeps") + get("/item/2") + get("/item/3")});
  s.serve(peer);
  EXPECT_EQ(served::without_date(peer.written()),
            answer("1") + answer("slept") + answer("2") + answer("3"));
  EXPECT_EQ(peer.writes(), 1);
}

TEST_P(connection_test, gives_the_same_fields_but_no_body_to_head) {
  const auto text = s.answers_to({"HEAD /plain HTTP/1.1\r\nHost: a\r\n\r\n" + get("/plain")});
  EXPECT_EQ(text, answer("hello").substr(0, answer("hello").size() - 5) + answer("hello"));
  EXPECT_EQ(count(s.answers_to({"HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n"}), "z"), 0);
}

TEST_P(connection_test, takes_bodies_by_length_and_by_chunks) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(s.answers_to({head + "Content-Length: 5\r\n\r\nhello"}), answer("hello", "x/y"));
  EXPECT_EQ(s.answers_to({head + "Content-Length: 5\r\n\r\nhe", "l", "lo" + get("/plain")}),
            answer("hello", "x/y") + answer("hello"));
  EXPECT_EQ(s.answers_to({head + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r",
                          "\nllo\r\n0\r\n\r\n"}),
            answer("hello", "x/y"));
}

// The body passes through an input block that is much smaller than it.
TEST_P(connection_test, takes_a_body_larger_than_its_buffer) {
  const std::string body(300'000, 'b');
  std::string chunked;
  for (std::size_t at = 0; at < body.size(); at += 10'000) {
    chunked += "2710\r\n" + body.substr(at, 10'000) + "\r\n";
  }
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(s.answers_to({head + "Content-Length: 300000\r\n\r\n" + body + get("/plain")}),
            answer(body, "x/y") + answer("hello"));
  EXPECT_EQ(s.answers_to({head + "Transfer-Encoding: chunked\r\n\r\n" + chunked + "0\r\n\r\n" +
                          get("/plain")}),
            answer(body, "x/y") + answer("hello"));
}

TEST_P(connection_test, writes_a_large_body_piece_by_piece_to_a_slow_reader) {
  memory_stream peer({get("/plain") + get("/large") + get("/plain")});
  peer.take_at_most(777);
  s.serve(peer);
  EXPECT_EQ(served::without_date(peer.written()),
            answer("hello") + answer(std::string(100'000, 'z'), "x/y") + answer("hello"));
}

TEST_P(connection_test, asks_for_the_body_that_a_peer_holds_back) {
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(s.answers_to({head, "hi"}), "HTTP/1.1 100 Continue\r\n\r\n" + answer("hi", "x/y"));
  EXPECT_EQ(s.answers_to({get("/plain") + head, "hi"}),
            answer("hello") + "HTTP/1.1 100 Continue\r\n\r\n" + answer("hi", "x/y"));
  EXPECT_EQ(s.answers_to({head + "h", "i"}), answer("hi", "x/y")) << "it did not wait";
}

TEST_P(connection_test, closes_when_the_peer_asks_for_it) {
  const auto text = s.answers_to({get("/plain", "Connection: close\r\n") + get("/plain")});
  EXPECT_EQ(count(text, "200 OK"), 1);
  EXPECT_NE(text.find("Connection: close\r\n"), npos);
}

TEST_P(connection_test, speaks_http_1_0) {
  const auto closed = s.answers_to({"GET /plain HTTP/1.0\r\n\r\n" + get("/plain")});
  EXPECT_EQ(count(closed, "200 OK"), 1);
  const auto kept =
      s.answers_to({"GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/plain")});
  EXPECT_EQ(count(kept, "200 OK"), 2);
  EXPECT_EQ(count(kept, "Connection: keep-alive\r\n"), 1);
}

TEST_P(connection_test, ignores_empty_lines_before_a_request) {
  EXPECT_EQ(s.answers_to({"\r\n\r\n" + get("/plain") + "\r", "\n" + get("/plain")}),
            answer("hello") + answer("hello"));
}

TEST_P(connection_test, a_handler_that_throws_gives_500_and_the_connection_lives_on) {
  const auto text = s.answers_to({get("/throws") + get("/throws-later") + get("/plain")});
  EXPECT_EQ(count(text, "HTTP/1.1 500 Internal Server Error"), 2);
  EXPECT_EQ(count(text, "HTTP/1.1 200 OK"), 1);
  EXPECT_EQ(s.service.count.handler_errors.value(), 2U);
}

TEST_P(connection_test, says_what_is_not_there) {
  EXPECT_NE(s.answers_to({get("/nothing")}).find("404 Not Found"), npos);
  const auto text = s.answers_to({"PUT /plain HTTP/1.1\r\nHost: a\r\n\r\n"});
  EXPECT_NE(text.find("405 Method Not Allowed"), npos);
  EXPECT_NE(text.find("Allow: GET, HEAD, OPTIONS\r\n"), npos);
}

TEST_P(connection_test, refuses_and_closes_after_answering_what_came_before) {
  const auto text = s.answers_to({get("/plain") + "nonsense\r\n\r\n" + get("/plain")});
  EXPECT_EQ(count(text, "200 OK"), 1);
  EXPECT_NE(text.find("400 Bad Request"), npos);
  EXPECT_NE(text.find("Connection: close"), npos);
  EXPECT_EQ(s.service.count.refused_requests.value(), 1U);
}

TEST_P(connection_test, bounds_the_head_as_a_whole) {
  s.service.limits.head_bytes_max = 1000;
  std::string fields;
  for (int i = 0; i < 60; ++i)
    fields += "X-Field: 0123456789\r\n";
  EXPECT_NE(s.answers_to({get("/plain", fields)}).find("431"), npos);
  EXPECT_NE(s.answers_to({"GET /plain HTTP/1.1\r\n", fields}).find("431"), npos);
  EXPECT_NE(s.answers_to({"GET /" + std::string(2000, 'x')}).find("414"), npos);
}

TEST_P(connection_test, bounds_the_lines_of_a_chunked_body) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_NE(s.answers_to({head + "1;" + std::string(100'000, 'x')}).find("400 Bad Request"), npos);
}

TEST_P(connection_test, tells_a_peer_that_is_too_slow) {
  memory_stream silent({get("/plain")});
  silent.end_with(base::errc::timed_out);
  s.serve(silent);
  EXPECT_EQ(served::without_date(silent.written()), answer("hello"))
      << "idle: closed without a word";
  memory_stream slow({"GET /pl"});
  slow.end_with(base::errc::timed_out);
  s.serve(slow);
  EXPECT_NE(slow.written().find("408 Request Timeout"), npos);
  EXPECT_EQ(s.service.count.timeouts.value(), 2U);
}

TEST_P(connection_test, says_nothing_to_a_peer_that_left_in_the_middle) {
  EXPECT_EQ(s.answers_to({"GET /plain HTT"}), "");
}

TEST_P(connection_test, answers_what_has_come_and_closes_while_draining) {
  s.connections.drain();
  const auto text = s.answers_to({get("/plain") + get("/plain"), get("/plain")});
  std::string last = answer("hello");
  last.insert(last.find("\r\n\r\n"), "\r\nConnection: close");
  EXPECT_EQ(text, answer("hello") + last);
}

TEST_P(connection_test, closes_an_idle_connection_when_a_drain_has_come_so_far) {
  s.connections.close_idle();
  EXPECT_EQ(s.answers_to({get("/plain")}), "");
}

TEST_P(connection_test, counts_answers_by_class) {
  s.answers_to({get("/plain") + get("/nothing") + get("/throws")});
  EXPECT_EQ(s.service.count.answers(), 3U);
  EXPECT_EQ(s.service.count.answers_by_class[1].value(), 1U);
  EXPECT_EQ(s.service.count.answers_by_class[3].value(), 1U);
  EXPECT_EQ(s.service.count.answers_by_class[4].value(), 1U);
}

}  // namespace
}  // namespace tacit::http
