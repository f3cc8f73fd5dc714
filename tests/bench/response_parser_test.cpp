#include "bench/response_parser.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace tacit::bench {
namespace {

using state = response_parser::state;

struct sample {
  const char* name;
  std::string bytes;
  bool to_head;
  int status;
  std::string body;
  bool keep_alive;
  bool ends_with_stream = false;
};

std::vector<sample> samples() {
  return {
      {"plain", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "hello", true},
      {"empty", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false, 404, "", true},
      {"head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, 200, "", true},
      {"no_content", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", false, 204, "", true},
      {"not_modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, 304, "",
       true},
      {"chunked",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nb;x=y\r\n, big "
       "world\r\n0\r\nT: z\r\n\r\n",
       false, 200, "hello, big world", true},
      {"closing", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false, 200,
       "hi", false},
      {"old", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, 200, "hi", false},
      {"until_close", "HTTP/1.1 200 OK\r\n\r\nuntil the end", false, 200, "until the end", false,
       true},
      {"interim",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
       false, 200, "hi", true},
  };
}

/// Feeds `pieces` as a connection would: what was not used up is put in front of the next.
void feed(response_parser& parser, const std::vector<std::string>& pieces) {
  std::string pending;
  for (const auto& piece : pieces) {
    pending += piece;
    pending.erase(0, parser.consume(pending));
  }
  EXPECT_TRUE(pending.empty()) << pending.size() << " bytes were left";
}

void expect_result(const sample& expected, const std::vector<std::string>& pieces,
                   response_parser& parser) {
  std::string body;
  parser.capture(&body);
  parser.begin(expected.to_head);
  feed(parser, pieces);
  if (expected.ends_with_stream) {
    EXPECT_EQ(parser.status(), state::need_more);
    parser.end_of_stream();
  }
  ASSERT_EQ(parser.status(), state::complete) << parser.error();
  EXPECT_EQ(parser.result().status, expected.status);
  EXPECT_EQ(parser.result().body_bytes, expected.body.size());
  EXPECT_EQ(parser.result().keep_alive, expected.keep_alive);
  EXPECT_EQ(body, expected.body);
}

void expect_result(const sample& expected, const std::vector<std::string>& pieces) {
  response_parser parser;
  expect_result(expected, pieces, parser);
}

TEST(response_parser, reads_every_kind_of_answer) {
  for (const auto& s : samples()) {
    SCOPED_TRACE(s.name);
    expect_result(s, {s.bytes});
  }
}

TEST(response_parser, a_cut_at_any_byte_changes_nothing) {
  for (const auto& s : samples()) {
    for (std::size_t cut = 1; cut < s.bytes.size(); ++cut) {
      SCOPED_TRACE(std::string{s.name} + " cut after " + std::to_string(cut));
      expect_result(s, {s.bytes.substr(0, cut), s.bytes.substr(cut)});
    }
  }
}

TEST(response_parser, byte_by_byte_changes_nothing) {
  for (const auto& s : samples()) {
    SCOPED_TRACE(s.name);
    std::vector<std::string> bytes;
    for (const char c : s.bytes)
      bytes.emplace_back(1, c);
    expect_result(s, bytes);
  }
}

TEST(response_parser, headers_seen_before_read_as_if_they_were_new) {
  for (const auto& first : samples()) {
    for (const auto& second : samples()) {
      SCOPED_TRACE(std::string{first.name} + ", then " + second.name);
      response_parser parser;
      for (const auto* s : {&first, &first, &second, &first, &second, &second}) {
        expect_result(*s, {s->bytes}, parser);
        parser.reset();
      }
      for (std::size_t cut = 1; cut < second.bytes.size(); ++cut) {
        expect_result(second, {second.bytes.substr(0, cut), second.bytes.substr(cut)}, parser);
        parser.reset();
      }
    }
  }
}

TEST(response_parser, a_known_header_answers_a_head_differently) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  response_parser parser;
  for (const bool to_head : {false, true, true, false}) {
    parser.begin(to_head);
    const auto bytes = to_head ? head : head + "hello";
    EXPECT_EQ(parser.consume(bytes), bytes.size());
    ASSERT_EQ(parser.status(), state::complete);
    EXPECT_EQ(parser.result().body_bytes, to_head ? 0u : 5u);
  }
}

TEST(response_parser, stops_at_the_end_of_one_answer) {
  const auto one = samples().front();
  response_parser parser;
  const auto two = one.bytes + one.bytes;
  parser.begin(false);
  EXPECT_EQ(parser.consume(two), one.bytes.size());
  ASSERT_EQ(parser.status(), state::complete);
  parser.begin(false);
  EXPECT_EQ(parser.consume(std::string_view{two}.substr(one.bytes.size())), one.bytes.size());
  EXPECT_EQ(parser.status(), state::complete);
}

TEST(response_parser, a_body_can_be_discarded_unseen) {
  response_parser parser;
  parser.begin(false);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc";
  EXPECT_EQ(parser.consume(head), head.size());
  EXPECT_EQ(parser.body_bytes_left(), 997u);
  parser.discarded(990);
  EXPECT_EQ(parser.status(), state::need_more);
  EXPECT_EQ(parser.consume("1234567"), 7u);
  ASSERT_EQ(parser.status(), state::complete);
  EXPECT_EQ(parser.result().body_bytes, 1'000u);
}

TEST(response_parser, an_end_in_the_middle_is_an_error) {
  for (const std::string cut :
       {"HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    response_parser parser;
    parser.begin(false);
    (void)parser.consume(cut);
    parser.end_of_stream();
    EXPECT_EQ(parser.status(), state::failed) << cut;
  }
}

TEST(response_parser, refuses_what_is_not_http) {
  for (const std::string bad :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
    response_parser parser;
    parser.begin(false);
    (void)parser.consume(bad);
    EXPECT_EQ(parser.status(), state::failed) << bad;
  }
}

TEST(response_parser, an_endless_header_is_refused) {
  response_parser parser;
  parser.begin(false);
  std::string pending = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100'000 && parser.status() == state::need_more; ++i) {
    pending += "X: y\r\n";
    pending.erase(0, parser.consume(pending));
  }
  EXPECT_EQ(parser.status(), state::failed);
}

}  // namespace
}  // namespace tacit::bench
