// Bodies that come in: with a length, in chunks, announced with Expect, or too large.

#include <gtest/gtest.h>

#include "e2e/server_process.hpp"

namespace tacit::e2e {
namespace {

using support::raw_client;
using support::response;

class request_body : public every_cell {};
TACIT_IN_EVERY_CELL(request_body);

std::string chunked(std::string_view chunks) {
  return "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" +
         std::string(chunks);
}

TEST_P(request_body, chunks_are_joined_and_extensions_and_trailers_ignored) {
  const server_process server = serve();
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(chunked("3\r\nabc\r\n00000a\r\n0123456789\r\n0\r\n\r\n")).body,
            "abc0123456789");
  EXPECT_EQ(client.exchange(chunked("3;x\r\nabc\r\n3;y=\"z; q\"\r\ndef\r\n0;end\r\n\r\n")).body,
            "abcdef");
  EXPECT_EQ(client.exchange(chunked("1\r\nA\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n")).body, "A");
  EXPECT_EQ(client.exchange(chunked("0\r\n\r\n")).body, "");
  EXPECT_EQ(client.exchange(get_request("/plaintext")).status, 200);
}

TEST_P(request_body, coding_names_are_compared_without_case) {
  const response answer = serve().exchange(
      "POST /echo HTTP/1.1\r\nHost: test\r\ntransfer-encoding: "
      "Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  EXPECT_EQ(answer.body, "ok");
}

TEST_P(request_body, many_small_chunks_arrive_whole) {
  std::string chunks, body;
  for (int i = 0; i < 5000; ++i) {
    chunks += "1\r\n" + std::string(1, static_cast<char>('a' + i % 26)) + "\r\n";
    body += static_cast<char>('a' + i % 26);
  }
  EXPECT_EQ(serve().exchange(chunked(chunks + "0\r\n\r\n")).body, body);
}

TEST_P(request_body, a_post_without_length_has_no_body) {
  const server_process server = serve();
  raw_client client = server.connect();
  const response answer = client.exchange("POST /echo HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(client.exchange(get_request("/plaintext")).status, 200);
}

TEST_P(request_body, a_body_nobody_reads_is_not_taken_for_a_request) {
  const server_process server = serve();
  raw_client client = server.connect();
  const std::string inner = get_request("/bytes/7");
  client.send("GET /plaintext HTTP/1.1\r\nHost: test\r\nContent-Length: " +
              std::to_string(inner.size()) + "\r\n\r\n" + inner + get_request("/json"));
  EXPECT_EQ(client.read_response().body, "Hello, World!");
  EXPECT_EQ(client.read_response().body, R"({"message":"Hello, World!"})");
}

TEST_P(request_body, is_asked_for_when_the_client_waits_for_that) {
  const server_process server = serve();
  raw_client client = server.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 100);
  const response answer = client.exchange("body");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "body");
}

TEST_P(request_body, too_large_is_413_before_it_is_sent) {
  const server_process server = serve();
  for (const char* fields : {"", "Expect: 100-continue\r\n"}) {
    raw_client client = server.connect();
    const response answer =
        client.exchange("POST /echo HTTP/1.1\r\nHost: test\r\n" + std::string(fields) +
                        "Content-Length: 99999999999\r\n\r\n");
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_TRUE(client.closed_by_peer());
  }
}

TEST_P(request_body, a_chunk_too_large_is_413) {
  const server_process server = serve();
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(chunked("7fffffffff\r\n")).status, 413);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(request_body, chunks_that_grow_beyond_the_limit_are_413) {
  const server_process server = serve();
  raw_client client = server.connect();
  client.send(chunked(""));
  const std::string chunk = "100000\r\n" + std::string(0x100000, 'x') + "\r\n";
  // Four times the largest body that any sensible default lets in; ends as soon as it is refused.
  for (int i = 0; i < 256 && !client.readable(); ++i)
    client.send(chunk);
  EXPECT_EQ(client.read_response().status, 413);
}

}  // namespace
}  // namespace tacit::e2e
