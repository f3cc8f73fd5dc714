// What the server refuses, with which status; every refusal that leaves the framing in doubt
// closes.

#include <gtest/gtest.h>

#include "e2e/server_process.hpp"

namespace tacit::e2e {
namespace {

using support::raw_client;
using support::response;
using namespace std::string_literals;

class refusal : public every_cell {
 protected:
  /// Sends `request` and, right behind it, one that must never be answered.
  static void expect_refused(const server_process& server, int status, const std::string& request) {
    raw_client client = server.connect();
    client.send(request + get_request("/bytes/3"));
    const response answer = client.read_response();
    EXPECT_EQ(answer.status, status) << request.substr(0, 200);
    EXPECT_EQ(answer.field("Connection"), "close") << request.substr(0, 200);
    EXPECT_TRUE(client.closed_by_peer()) << request.substr(0, 200);
  }

  static std::string with_fields(const std::string& fields) {
    return "POST /echo HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n";
  }
};
TACIT_IN_EVERY_CELL(refusal);

TEST_P(refusal, two_ways_to_tell_the_length_are_none) {
  const server_process server = serve();
  const std::string chunks = "0\r\n\r\n";
  expect_refused(server, 400,
                 with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + chunks);
  expect_refused(server, 400,
                 with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + chunks);
  expect_refused(server, 400, with_fields("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello");
  expect_refused(server, 400, with_fields("Content-Length: 5, 6\r\n") + "hello");
}

TEST_P(refusal, a_length_is_digits_and_nothing_else) {
  const server_process server = serve();
  for (const char* length :
       {"+5", "-5", "0x5", "5 5", "5;", "", "five", "5.0", "99999999999999999999999"}) {
    raw_client client = server.connect();
    client.send(with_fields("Content-Length: "s + length + "\r\n") + "hello");
    const response answer = client.read_response();
    EXPECT_TRUE(answer.status == 400 || (length[0] == '9' && answer.status == 413)) << length;
    EXPECT_TRUE(client.closed_by_peer()) << length;
  }
}

TEST_P(refusal, transfer_codings_other_than_chunked) {
  const server_process server = serve();
  const std::string chunks = "0\r\n\r\n";
  expect_refused(server, 501, with_fields("Transfer-Encoding: gzip, chunked\r\n") + chunks);
  for (const char* coding : {"chunked, chunked", "chunked, identity", "xchunked", "chunked;q=1",
                             "\"chunked\"", "chunked\v", ""}) {
    raw_client client = server.connect();
    client.send(with_fields("Transfer-Encoding: "s + coding + "\r\n") + chunks);
    const response answer = client.read_response();
    EXPECT_TRUE(answer.status == 400 || answer.status == 501) << coding << ": " << answer.status;
    EXPECT_TRUE(client.closed_by_peer()) << coding;
  }
  expect_refused(server, 400, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
}

TEST_P(refusal, broken_chunks) {
  const server_process server = serve();
  const std::string head = with_fields("Transfer-Encoding: chunked\r\n");
  for (const char* chunks :
       {"5\r\nhello!\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n",
        "5\r\nhello\n0\r\n\r\n", "fffffffffffffffff1\r\nhello\r\n"}) {
    raw_client client = server.connect();
    client.send(head + chunks);
    const response answer = client.read_response();
    EXPECT_TRUE(answer.status == 400 || (chunks[0] == 'f' && answer.status == 413)) << chunks;
    EXPECT_TRUE(client.closed_by_peer()) << chunks;
  }
}

TEST_P(refusal, fields_that_others_might_read_differently) {
  const server_process server = serve();
  expect_refused(server, 400, with_fields("X-Folded: a\r\n b\r\n"));
  expect_refused(server, 400, with_fields("X-Space : a\r\n"));
  expect_refused(server, 400, with_fields("Content-Length : 0\r\n"));
  expect_refused(server, 400, with_fields(": no name\r\n"));
  expect_refused(server, 400, with_fields("no colon\r\n"));
  expect_refused(server, 400, with_fields("X\x01Y: control\r\n"));
  expect_refused(server, 400, with_fields("X(Y): separator\r\n"));
  expect_refused(server, 400, with_fields("X: nul"s + '\0' + "inside\r\n"));
  expect_refused(server, 400, with_fields("X: lone\rCR\r\n"));
  expect_refused(server, 400, "GET /plaintext HTTP/1.1\r\n X: leading space\r\nHost: test\r\n\r\n");
}

TEST_P(refusal, lines_that_end_in_a_bare_line_feed) {
  const server_process server = serve();
  expect_refused(server, 400, "GET /plaintext HTTP/1.1\nHost: test\n\n");
  expect_refused(server, 400, "GET /plaintext HTTP/1.1\r\nHost: test\nX: y\r\n\r\n");
  expect_refused(server, 400, "GET /plaintext HTTP/1.1\r\nHost: test\r\n\n");
}

TEST_P(refusal, a_host_that_is_missing_doubled_or_no_host) {
  const server_process server = serve();
  expect_refused(server, 400, "GET /plaintext HTTP/1.1\r\n\r\n");
  expect_refused(server, 400, "GET /plaintext HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
  expect_refused(server, 400, "GET /plaintext HTTP/1.1\r\nHost: a b\r\n\r\n");
}

TEST_P(refusal, request_lines_that_are_none) {
  const server_process server = serve();
  for (const char* line :
       {"GET  /plaintext HTTP/1.1", "GET /plaintext  HTTP/1.1", "GET /plain text HTTP/1.1",
        "GET /plaintext http/1.1", "GET /plaintext HTTP/1.1 ", "GET /plaintext HTTP/1",
        "GET /plaintext HTTP/1.10", "GET\t/plaintext\tHTTP/1.1", "G@T /plaintext HTTP/1.1",
        "GET plaintext HTTP/1.1", "GET /plain\x7ftext HTTP/1.1", " GET /plaintext HTTP/1.1",
        "/plaintext HTTP/1.1", "GET /plaintext", "\x16\x03\x01\x02"}) {
    expect_refused(server, 400, line + "\r\nHost: test\r\n\r\n"s);
  }
}

TEST_P(refusal, other_versions_of_http) {
  const server_process server = serve();
  expect_refused(server, 505, "GET /plaintext HTTP/2.0\r\nHost: test\r\n\r\n");
  expect_refused(server, 505, "GET /plaintext HTTP/3.1\r\nHost: test\r\n\r\n");
}

TEST_P(refusal, a_head_beyond_the_limit) {
  const server_process server = serve();
  expect_refused(server, 431, with_fields("X-Large: " + std::string(1'000'000, 'x') + "\r\n"));
  std::string many;
  for (int i = 0; i < 20'000; ++i)
    many += "X-" + std::to_string(i) + ": y\r\n";
  expect_refused(server, 431, with_fields(many));
  expect_refused(server, 414, get_request("/" + std::string(200'000, 'x')));
}

TEST_P(refusal, an_endless_request_line_is_cut_off) {
  const server_process server = serve();
  raw_client client = server.connect();
  const std::string piece(65536, 'G');
  for (int i = 0; i < 1000 && !client.readable(); ++i)
    client.send(piece);
  const response answer = client.read_response();
  EXPECT_GE(answer.status, 400);
  EXPECT_LT(answer.status, 500);
}

TEST_P(refusal, methods_that_nobody_serves) {
  const server_process server = serve();
  for (const char* method : {"BREW", "TRACE", "DELETE"}) {
    const response answer =
        server.exchange(std::string(method) + " /plaintext HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_TRUE(answer.status == 405 || answer.status == 501) << method << ": " << answer.status;
  }
}

TEST_P(refusal, refused_bytes_do_not_come_back_in_the_answer) {
  const server_process server = serve();
  raw_client client = server.connect();
  client.send("GET /<script>alert(1)</script> HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_to_end().find("<script>"), std::string::npos);
}

TEST_P(refusal, does_not_take_what_the_standard_allows) {
  const server_process server = serve();
  EXPECT_EQ(server.exchange("\r\nGET /plaintext HTTP/1.1\r\nHost: test\r\n\r\n").status, 200);
  EXPECT_EQ(server.exchange("GET http://test/plaintext HTTP/1.1\r\nHost: test\r\n\r\n").status,
            200);
  EXPECT_EQ(server.exchange("GET /plaintext HTTP/1.1\r\nhOST:\ttest:80 \t\r\n\r\n").status, 200);
  EXPECT_EQ(server.exchange("GET /plaintext HTTP/1.1\r\nHost:\r\n\r\n").status, 200);
  EXPECT_EQ(server.exchange("GET /plaintext?a=%20%zz HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").status,
            200);
}

}  // namespace
}  // namespace tacit::e2e
