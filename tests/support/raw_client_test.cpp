#include "support/raw_client.hpp"

#include <gtest/gtest.h>
#include <array>
#include <stdexcept>

#include "support/patience.hpp"
#include "support/scripted_peer.hpp"

namespace tacit::support {
namespace {

TEST(raw_client, reads_responses_that_follow_each_other) {
  scripted_peer peer(3,
                     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: a\r\n\r\nhello"
                     "HTTP/1.1 204 No Content\r\n\r\n"
                     "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
  raw_client client(peer.port());
  const response first = client.exchange("one");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.version, "HTTP/1.1");
  EXPECT_EQ(first.reason, "OK");
  EXPECT_EQ(first.field("x-one"), "a");
  EXPECT_EQ(first.field("absent"), std::nullopt);
  EXPECT_EQ(first.body, "hello");
  EXPECT_EQ(client.read_response().status, 204);
  EXPECT_EQ(client.read_response().status, 404);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST(raw_client, discards_as_much_as_is_wanted) {
  scripted_peer peer(1, "0123456789HTTP/1.1 204 No Content\r\n\r\n");
  raw_client client(peer.port());
  client.send("x");
  std::size_t gone = 0;
  ASSERT_TRUE(eventually([&] { return (gone += client.discard(10 - gone)) == 10; }));
  EXPECT_EQ(client.read_response().status, 204);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(client.discard(1), 0U);
}

TEST(raw_client, reads_chunks_extensions_and_trailers) {
  scripted_peer peer(1,
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "5;name=value\r\nhello\r\nA\r\n, world!!!\r\n0\r\nT: x\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!");
  raw_client client(peer.port());
  EXPECT_EQ(client.exchange("x").body, "hello, world!!!");
  EXPECT_EQ(client.read_response().body, "!");
}

TEST(raw_client, reads_whole_responses_until_the_end) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
  scripted_peer whole(1, answer + answer);
  raw_client client(whole.port());
  client.send("x");
  EXPECT_EQ(client.read_responses().size(), 2u);

  scripted_peer cut(1, answer + answer.substr(0, 20));
  raw_client other(cut.port());
  other.send("x");
  EXPECT_THROW(static_cast<void>(other.read_responses()), std::runtime_error);
}

TEST(raw_client, an_answer_to_head_has_no_body) {
  scripted_peer peer(1,
                     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  raw_client client(peer.port());
  client.send("x");
  EXPECT_EQ(client.read_response(true).body, "");
  EXPECT_EQ(client.read_response().body, "x");
}

TEST(raw_client, a_body_without_length_ends_with_the_connection) {
  scripted_peer peer(1, "HTTP/1.0 200 OK\r\n\r\nall of it");
  raw_client client(peer.port());
  EXPECT_EQ(client.exchange("x").body, "all of it");
}

TEST(raw_client, sends_pieces_unchanged) {
  scripted_peer peer(10, "");
  raw_client client(peer.port());
  const std::array<std::size_t, 3> cuts{1, 2, 7};
  client.send_in_pieces("0123456789", cuts);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_EQ(peer.heard(), "0123456789");
}

TEST(raw_client, a_response_cut_short_is_an_error) {
  scripted_peer peer(1, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  raw_client client(peer.port());
  EXPECT_THROW(static_cast<void>(client.exchange("x")), std::runtime_error);
}

TEST(raw_client, a_field_sent_twice_is_an_error) {
  scripted_peer peer(1, "HTTP/1.1 200 OK\r\nDate: a\r\nDate: b\r\nContent-Length: 0\r\n\r\n");
  raw_client client(peer.port());
  EXPECT_THROW(static_cast<void>(client.exchange("x").field("date")), std::runtime_error);
}

TEST(raw_client, a_refused_connection_is_an_error) {
  std::uint16_t port = 0;
  {
    const scripted_peer gone(0, "");
    port = gone.port();
  }
  EXPECT_THROW(raw_client{port}, std::runtime_error);
}

}  // namespace
}  // namespace tacit::support
