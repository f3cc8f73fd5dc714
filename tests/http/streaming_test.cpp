// Bodies that come, and answers that leave, piece by piece. Over a peer in memory nothing suspends,
// so a whole conversation is one call; each one is also cut at every byte.

#include <gtest/gtest.h>

#include <string>

#include "http/served.hpp"

namespace tacit::http {
namespace {

using support::memory_stream;
using support::npos;
using support::served;

std::string request(const std::string& line, const std::string& fields = {},
                    const std::string& body = {}) {
  return line + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

std::string with_length(const std::string& line, const std::string& body) {
  return request(line, "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

std::string in_chunks(const std::string& line, const std::string& chunks) {
  return request(line, "Transfer-Encoding: chunked\r\n", chunks);
}

// The handlers. The names of the routes say what they do.
sched::task<> read_all(context& c) {
  const body_read got = co_await c.read_body();
  if (got.error) co_return;
  const body_read again = co_await c.read_body();
  c.text(got.bytes, "|",
         again.bytes == got.bytes && c.request.body == got.bytes ? "same" : "other");
}

sched::task<> count_pieces(context& c) {
  std::size_t bytes = 0;
  for (;;) {
    const body_read got = co_await c.read_some_body();
    if (got.error) co_return;
    if (got.bytes.empty()) break;
    bytes += got.bytes.size();
  }
  std::string trailers;
  for (const auto& [name, value] : c.request.trailers)
    trailers += " " + std::string(name) + "=" + std::string(value);
  c.text(std::to_string(bytes), trailers);
}

sched::task<> ignore(context& c) {
  c.text("did not look");
  co_return;
}

sched::task<> refuse(context& c) {
  c.problem(403, "not from you");
  co_return;
}

sched::task<> stream(context& c) {
  c.set("X-Before", "1");
  const auto begun = co_await c.start_stream("x/y");
  EXPECT_FALSE(begun);
  for (const char* piece : {"one", "", "two", "three"}) {
    const auto failed = co_await c.write(piece);
    EXPECT_FALSE(failed);
  }
  c.trailer("X-Sum", "3").trailer("Content-Length", "9").trailer("X-Split", "a\r\nb");
}

sched::task<> stream_much(context& c) {
  const auto begun = co_await c.start_stream("x/y", 300'000);
  EXPECT_FALSE(begun);
  const std::string piece(100'000, 'm');
  for (int i = 0; i < 3; ++i) {
    const auto failed = co_await c.write(piece);
    EXPECT_FALSE(failed);
  }
}

sched::task<> promise_five(context& c) {
  const auto begun = co_await c.start_stream("x/y", 5);
  EXPECT_FALSE(begun);
  const auto failed = co_await c.write(c.query_number("bytes") == 3 ? "abc" : "abcde");
  EXPECT_FALSE(failed);
  if (c.query_number("bytes") == 6) {
    const auto wrong = co_await c.write("f");
    EXPECT_EQ(wrong, make_error_code(base::errc::wrong_use));
  }
}

sched::task<> throw_after_head(context& c) {
  const auto begun = co_await c.start_stream("x/y");
  EXPECT_FALSE(begun);
  const auto failed = co_await c.write("some");
  EXPECT_FALSE(failed);
  throw std::runtime_error("as planned");
}

sched::task<> echo_pieces(context& c) {
  const auto begun = co_await c.start_stream("x/y");
  EXPECT_FALSE(begun);
  for (;;) {
    const body_read got = co_await c.read_some_body();
    if (got.error || got.bytes.empty()) co_return;
    const auto failed = co_await c.write(got.bytes);
    if (failed) co_return;
  }
}

class streaming : public testing::TestWithParam<memory::mode> {
 protected:
  streaming() {
    const auto post = [this](const char* path, auto handler) {
      for (const method on : {method::get, method::post})
        s.service.router.add(on, path, make_handler(handler));
    };
    post("/read-all", read_all);
    post("/count", count_pieces);
    post("/ignore", ignore);
    post("/refuse", refuse);
    post("/stream", stream);
    post("/stream-much", stream_much);
    post("/promise", promise_five);
    post("/throw", throw_after_head);
    post("/echo-pieces", echo_pieces);
  }

  /// The bodies of the answers, one after the other, "status: body" and a bar behind each.
  std::string bodies(std::deque<std::string> pieces) {
    std::string text = s.answers_to(std::move(pieces));
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const auto head_end = text.find("\r\n\r\n", at);
      if (head_end == npos) return out + "?";
      const std::string head = text.substr(at, head_end - at);
      at = head_end + 4;
      const auto length = head.find("Content-Length: ");
      const std::size_t bytes = length == npos ? 0 : std::stoul(head.substr(length + 16));
      out += head.substr(9, 3) + ": " + text.substr(at, bytes) + "|";
      at += bytes;
    }
    return out;
  }

  void expect_at_any_cut(const std::string& sent, const std::string& expected) {
    EXPECT_EQ(bodies({sent}), expected);
    for (std::size_t cut = 1; cut < sent.size(); ++cut) {
      ASSERT_EQ(bodies({sent.substr(0, cut), sent.substr(cut)}), expected) << "cut at " << cut;
    }
    std::deque<std::string> bytes;
    for (const char each : sent)
      bytes.emplace_back(1, each);
    EXPECT_EQ(bodies(std::move(bytes)), expected);
  }

  served s{GetParam()};
  const std::string next = request("GET /plain");
};

INSTANTIATE_TEST_SUITE_P(memory, streaming,
                         testing::Values(memory::mode::arena, memory::mode::heap),
                         [](const auto& mode) { return std::string(to_string(mode.param)); });

TEST_P(streaming, a_handler_reads_the_whole_body) {
  expect_at_any_cut(with_length("POST /read-all", "hello") + next, "200: hello|same|200: hello|");
  expect_at_any_cut(in_chunks("POST /read-all", "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n") + next,
                    "200: hello|same|200: hello|");
  expect_at_any_cut(request("POST /read-all") + next, "200: |same|200: hello|");
}

TEST_P(streaming, a_handler_reads_piece_by_piece_and_finds_the_trailers_at_the_end) {
  expect_at_any_cut(with_length("POST /count", "hello") + next, "200: 5|200: hello|");
  expect_at_any_cut(
      in_chunks("POST /count", "2\r\nhe\r\n3\r\nllo\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n") + next,
      "200: 5 X-A=1 X-B=2|200: hello|");
}

TEST_P(streaming, a_body_in_pieces_may_be_larger_than_what_is_held_in_memory) {
  s.service.limits.body_bytes_max = 1000;
  const std::string body(200'000, 'b');
  EXPECT_EQ(bodies({with_length("POST /count", body) + next}), "200: 200000|200: hello|");
  EXPECT_TRUE(bodies({with_length("POST /read-all", body) + next}).starts_with("413: "));
  EXPECT_TRUE(bodies({in_chunks("POST /read-all", "30d40\r\n" + body + "\r\n0\r\n\r\n") + next})
                  .starts_with("413: "));
  EXPECT_EQ(s.service.count.refused_requests.value(), 2U);
}

TEST_P(streaming, what_a_handler_leaves_unread_is_dropped) {
  expect_at_any_cut(with_length("POST /ignore", "hello") + next, "200: did not look|200: hello|");
  expect_at_any_cut(in_chunks("POST /ignore", "5\r\nhello\r\n0\r\nX: y\r\n\r\n") + next,
                    "200: did not look|200: hello|");
  expect_at_any_cut(with_length("POST /nothing", "hello") + next, "404: Not Found\n|200: hello|");
}

TEST_P(streaming, more_than_a_bound_is_not_read_for_nothing) {
  s.service.limits.unread_body_bytes_max = 1000;
  const std::string body(20'000, 'b');  // More than the block of the connection holds.
  const std::string answers = s.answers_to({with_length("POST /ignore", body) + next});
  EXPECT_NE(answers.find("did not look"), npos);
  EXPECT_NE(answers.find("Connection: close"), npos);
  EXPECT_EQ(answers.find("hello"), npos);
  EXPECT_EQ(bodies({in_chunks("POST /ignore", "4e20\r\n" + body + "\r\n0\r\n\r\n") + next}),
            "200: did not look|")
      << "of chunks that is known only later";
}

TEST_P(streaming, a_peer_that_waits_is_told_to_go_on_when_the_handler_reads) {
  const std::string fields = "Expect: 100-continue\r\nContent-Length: 2\r\n";
  EXPECT_EQ(bodies({request("POST /read-all", fields), "hi" + next}),
            "100: |200: hi|same|200: hello|");
  EXPECT_EQ(bodies({request("POST /count", fields), "hi" + next}), "100: |200: 2|200: hello|");
  EXPECT_EQ(bodies({request("POST /count", fields) + "h", "i" + next}), "200: 2|200: hello|")
      << "it did not wait";
}

TEST_P(streaming, a_handler_may_refuse_a_body_before_it_is_sent) {
  const std::string fields = "Expect: 100-continue\r\nContent-Length: 2\r\n";
  const std::string answers = s.answers_to({request("POST /refuse", fields), "hi" + next});
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 403 Forbidden")) << answers;
  EXPECT_NE(answers.find("Connection: close"), npos);
  EXPECT_EQ(answers.find("hello"), npos) << "whether the body was sent cannot be known";
  EXPECT_TRUE(s.answers_to({request("POST /nothing", fields)}).starts_with("HTTP/1.1 404"))
      << "nor is it asked for where there is no handler";
}

TEST_P(streaming, a_broken_body_is_answered_in_place_of_the_handler) {
  for (const char* path : {"POST /read-all", "POST /count"}) {
    expect_at_any_cut(in_chunks(path, "5\r\nhelloXYZ\r\n"),
                      "400: Bad Request: the chunked body is malformed\n|");
    expect_at_any_cut(in_chunks(path, "5\r\nhello\r\n0\r\nHost: b\r\n\r\n"),
                      "400: Bad Request: a field behind the body has its place before it\n|");
  }
}

TEST_P(streaming, a_body_that_does_not_come_is_answered_408) {
  memory_stream slow({request("POST /count", "Content-Length: 10\r\n", "half")});
  slow.end_with(base::errc::timed_out);
  s.serve(slow);
  EXPECT_TRUE(slow.written().starts_with("HTTP/1.1 408"));
  EXPECT_EQ(s.service.count.timeouts.value(), 1U);
}

TEST_P(streaming, a_peer_that_leaves_inside_its_body_gets_no_answer) {
  EXPECT_EQ(s.answers_to({request("POST /count", "Content-Length: 10\r\n", "half")}), "");
}

TEST_P(streaming, an_answer_of_unknown_length_goes_in_chunks) {
  EXPECT_EQ(s.answers_to({request("GET /stream") + next}),
            "HTTP/1.1 200 OK\r\nServer: tacit\r\nDate: D\r\nContent-Type: x/y\r\nX-Before: 1\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n"
            "X-Sum: 3\r\n\r\n" +
                s.answers_to({next}));
}

TEST_P(streaming, to_http_1_0_it_ends_with_the_connection) {
  const std::string answer =
      s.answers_to({"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + next});
  EXPECT_TRUE(answer.ends_with("Connection: close\r\n\r\nonetwothree")) << answer;
  EXPECT_EQ(answer.find("Transfer-Encoding"), npos);
}

TEST_P(streaming, head_gets_the_head_only) {
  const std::string answer = s.answers_to({request("HEAD /stream") + next});
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK"), npos) << answer;
}

TEST_P(streaming, a_known_length_is_announced_and_kept) {
  const std::string answer = s.answers_to({request("GET /promise") + next});
  EXPECT_NE(answer.find("Content-Length: 5\r\n\r\nabcdeHTTP/1.1 200"), npos) << answer;
  EXPECT_EQ(s.service.count.cut_answers.value(), 0U);
}

TEST_P(streaming, an_answer_that_breaks_its_promise_is_cut) {
  for (const char* line : {"GET /promise?bytes=3", "GET /promise?bytes=6", "GET /throw"}) {
    memory_stream peer({request(line) + next});
    s.serve(peer);
    EXPECT_TRUE(peer.was_cut()) << line;
    EXPECT_EQ(peer.written().find("hello"), npos) << line;
    EXPECT_EQ(peer.written().find("0\r\n\r\n"), npos) << line;
  }
  EXPECT_EQ(s.service.count.cut_answers.value(), 3U);
  EXPECT_EQ(s.service.count.handler_errors.value(), 1U);
}

TEST_P(streaming, a_large_answer_goes_to_a_slow_reader_piece_by_piece) {
  memory_stream peer({request("GET /stream-much") + next});
  peer.take_at_most(777);
  s.serve(peer);
  EXPECT_NE(peer.written().find("\r\n\r\n" + std::string(300'000, 'm') + "HTTP/1.1 200"), npos);
}

TEST_P(streaming, a_handler_may_answer_while_it_reads) {
  EXPECT_NE(s.answers_to({in_chunks("POST /echo-pieces", "2\r\nhe\r\n"), "3\r\nllo\r\n",
                          "0\r\n\r\n" + next})
                .find("\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nHTTP/1.1 200 OK"),
            npos);
}

TEST_P(streaming, a_body_in_pieces_passes_through_a_small_block) {
  std::string chunks;
  for (int i = 0; i < 40; ++i)
    chunks += "7d0\r\n" + std::string(2000, 'c') + "\r\n";
  const std::string sent = next + in_chunks("POST /count", chunks + "0\r\nX: y\r\n\r\n") + next;
  std::deque<std::string> pieces;
  for (std::size_t at = 0; at < sent.size(); at += 1500)
    pieces.push_back(sent.substr(at, 1500));
  EXPECT_EQ(bodies(std::move(pieces)), "200: hello|200: 80000 X=y|200: hello|");
}

}  // namespace
}  // namespace tacit::http
