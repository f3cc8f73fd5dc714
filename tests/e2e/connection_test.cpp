// One connection, many requests: keep-alive, pipelining, HEAD, pieces, closing.

#include <gtest/gtest.h>
#include <array>

#include "e2e/server_process.hpp"

namespace tacit::e2e {
namespace {

using support::raw_client;
using support::response;

class connection : public every_cell {};
TACIT_IN_EVERY_CELL(connection);

TEST_P(connection, answers_request_after_request) {
  const server_process server = serve();
  raw_client client = server.connect();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client.exchange(get_request("/plaintext")).body, "Hello, World!");
  }
}

TEST_P(connection, answers_pipelined_requests_in_order) {
  const server_process server = serve();
  raw_client client = server.connect();
  std::string requests;
  for (int i = 0; i < 300; ++i) {
    requests += i % 3 == 0 ? get_request("/bytes/" + std::to_string(i))
                           : post_request("/echo", "number " + std::to_string(i));
  }
  client.send(requests);
  for (int i = 0; i < 300; ++i) {
    const response answer = client.read_response();
    ASSERT_EQ(answer.status, 200) << i;
    if (i % 3 == 0) {
      EXPECT_EQ(answer.body.size(), static_cast<std::size_t>(i));
    } else {
      EXPECT_EQ(answer.body, "number " + std::to_string(i));
    }
  }
}

TEST_P(connection, a_slow_answer_holds_back_the_ones_behind_it) {
  const server_process server = serve();
  raw_client client = server.connect();
  client.send(get_request("/sleep?ms=30") + post_request("/echo", "second"));
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_EQ(client.read_response().body, "second");
}

TEST_P(connection, head_answers_like_get_without_the_body) {
  const server_process server = serve();
  raw_client client = server.connect();
  for (const char* target : {"/plaintext", "/json", "/bytes/100000", "/nowhere"}) {
    const response get = client.exchange(get_request(target));
    client.send("HEAD " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n");
    const response head = client.read_response(true);
    EXPECT_EQ(head.status, get.status) << target;
    EXPECT_EQ(head.field("Content-Length"), get.field("Content-Length")) << target;
    EXPECT_EQ(head.field("Content-Type"), get.field("Content-Type")) << target;
  }
  EXPECT_EQ(client.exchange(get_request("/plaintext")).body, "Hello, World!");
}

TEST_P(connection, a_request_cut_at_any_byte_gets_the_same_answer) {
  const server_process server = serve();
  raw_client client = server.connect();
  const std::string request =
      "POST /echo?x=y HTTP/1.1\r\nHost: test\r\nX-Empty:\r\nContent-Length: "
      "12\r\n\r\nHello,\r\n\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    client.send_in_pieces(request, std::array{cut});
    const response answer = client.read_response();
    ASSERT_EQ(answer.status, 200) << "cut at " << cut;
    ASSERT_EQ(answer.body, "Hello,\r\n\r\n\r\n") << "cut at " << cut;
  }
}

TEST_P(connection, a_chunked_request_cut_at_any_byte_gets_the_same_answer) {
  const server_process server = serve();
  raw_client client = server.connect();
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;a=\"b\"\r\nHello\r\nb\r\n, chunky bi\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    client.send_in_pieces(request, std::array{cut});
    const response answer = client.read_response();
    ASSERT_EQ(answer.status, 200) << "cut at " << cut;
    ASSERT_EQ(answer.body, "Hello, chunky bi") << "cut at " << cut;
  }
}

TEST_P(connection, a_request_byte_by_byte_is_a_request) {
  const server_process server = serve();
  raw_client client = server.connect();
  const std::string request = post_request("/echo", "slow") + get_request("/plaintext");
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 1; cut < request.size(); ++cut)
    cuts.push_back(cut);
  client.send_in_pieces(request, cuts);
  EXPECT_EQ(client.read_response().body, "slow");
  EXPECT_EQ(client.read_response().body, "Hello, World!");
}

TEST_P(connection, stays_open_after_an_error_that_leaves_the_framing_clear) {
  const server_process server = serve();
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(get_request("/nowhere")).status, 404);
  EXPECT_EQ(client.exchange(post_request("/plaintext", "ignored body")).status, 405);
  EXPECT_EQ(client.exchange(get_request("/plaintext")).status, 200);
}

TEST_P(connection, closes_when_asked) {
  const server_process server = serve();
  for (const char* field :
       {"Connection: close\r\n", "connection: CLOSE\r\n", "Connection: x, close\r\n"}) {
    raw_client client = server.connect();
    const response answer = client.exchange(get_request("/plaintext", field));
    EXPECT_EQ(answer.status, 200) << field;
    EXPECT_EQ(answer.field("Connection"), "close") << field;
    EXPECT_TRUE(client.closed_by_peer()) << field;
  }
}

TEST_P(connection, does_not_answer_what_comes_behind_a_close) {
  const server_process server = serve();
  raw_client client = server.connect();
  client.send(get_request("/plaintext", "Connection: close\r\n") + get_request("/plaintext"));
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(connection, http_1_0_closes_unless_asked_to_stay) {
  const server_process server = serve();
  raw_client once = server.connect();
  EXPECT_EQ(once.exchange("GET /plaintext HTTP/1.0\r\n\r\n").body, "Hello, World!");
  EXPECT_TRUE(once.closed_by_peer());

  raw_client kept = server.connect();
  const std::string request = "GET /plaintext HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const response answer = kept.exchange(request);
  EXPECT_EQ(answer.field("Connection").value_or("absent"), "keep-alive");
  EXPECT_EQ(kept.exchange(request).body, "Hello, World!");
}

TEST_P(connection, answers_what_was_asked_before_a_half_close) {
  const server_process server = serve();
  raw_client client = server.connect();
  client.send(get_request("/sleep?ms=20") + get_request("/plaintext"));
  client.finish_sending();
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_EQ(client.read_response().body, "Hello, World!");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_P(connection, closes_in_silence_when_the_peer_leaves_inside_a_request) {
  const server_process server = serve();
  raw_client client = server.connect();
  client.send("GET /plaintext HTTP/1.1\r\nHo");
  client.finish_sending();
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(answer.empty() || answer.compare(0, 12, "HTTP/1.1 400") == 0) << answer;
  EXPECT_EQ(server.get("/plaintext").status, 200);
}

TEST_P(connection, every_answer_carries_date_and_server) {
  const server_process server = serve();
  for (const char* target : {"/plaintext", "/nowhere", "/bytes/0"}) {
    const response answer = server.get(target);
    EXPECT_EQ(answer.field("Server").value_or("").substr(0, 5), "tacit") << target;
    // "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7)
    const std::string date = answer.field("Date").value_or("");
    ASSERT_EQ(date.size(), 29u) << target;
    EXPECT_EQ(date.substr(25), " GMT");
    EXPECT_EQ(date[3], ',');
  }
}

TEST_P(connection, many_at_once_are_all_answered) {
  const server_process server = serve();
  constexpr int count = 200;
  std::vector<raw_client> clients;
  for (int i = 0; i < count; ++i)
    clients.push_back(server.connect());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < count; ++i) {
      clients[static_cast<std::size_t>(i)].send(post_request("/echo", std::to_string(i)));
    }
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(clients[static_cast<std::size_t>(i)].read_response().body, std::to_string(i));
    }
  }
}

TEST_P(connection, a_client_that_does_not_read_does_not_hold_up_others) {
  const server_process server = serve({"--workers", "1"});
  raw_client stubborn = server.connect();
  for (int i = 0; i < 4; ++i)
    stubborn.send(get_request("/bytes/20000000"));
  EXPECT_EQ(server.get("/plaintext").status, 200);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(stubborn.read_response().body.size(), 20000000u);
}

TEST_P(connection, a_client_that_vanishes_harms_nobody) {
  const server_process server = serve();
  for (int i = 0; i < 20; ++i)
    server.connect().send(get_request("/bytes/10000000"));
  for (int i = 0; i < 20; ++i)
    server.connect().send(get_request("/sleep?ms=5"));
  EXPECT_EQ(server.get("/plaintext").status, 200);
}

}  // namespace
}  // namespace tacit::e2e
