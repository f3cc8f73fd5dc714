#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "http/served.hpp"

namespace tacit::http {
namespace {

using support::served;

// What peers send: good, odd and refused, some pipelined.
const std::vector<std::string>& conversations() {
  static const std::string host = "Host: a\r\n";
  static const std::vector<std::string> all = {
      "GET /plain HTTP/1.1\r\n" + host + "\r\n",
      "GET /item/a%20b?x=y HTTP/1.1\r\n" + host +
          "User-Agent: some browser (with words)\r\nAccept: */*\r\n\r\n",
      "HEAD /plain HTTP/1.1\r\n" + host + "\r\nGET /plain HTTP/1.1\r\n" + host + "\r\n",
      "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\nhello world",
      "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\nGET /plain HTTP/1.1\r\n" + host +
          "\r\n",
      "POST /echo HTTP/1.1\r\n" + host +
          "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-T: 1\r\n\r\n"
          "GET /plain HTTP/1.1\r\n" +
          host + "\r\n",
      "GET /item/1 HTTP/1.1\r\n" + host + "\r\nGET /item/2 HTTP/1.1\r\n" + host +
          "\r\nPOST /echo HTTP/1.1\r\n" + host +
          "Content-Length: 3\r\n\r\nabcGET /item/3 HTTP/1.1\r\n" + host + "\r\n",
      "GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /plain HTTP/1.0\r\n\r\n",
      "\r\n\r\nGET /plain HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
      "GET /large HTTP/1.1\r\n" + host + "\r\nGET /plain HTTP/1.1\r\n" + host + "\r\n",
      "GET /throws HTTP/1.1\r\n" + host + "\r\nGET /nothing HTTP/1.1\r\n" + host + "\r\n",
      "GET /plain HTTP/1.1\r\n\r\n",
      "GET /plain HTTP/1.1\r\n" + host + "Bad Name: x\r\n\r\n",
      "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXYZ\r\n",
      "GET /plain HTTP/3.0\r\n" + host + "\r\n",
      "BREW /plain HTTP/1.1\r\n" + host + "\r\n",
  };
  return all;
}

TEST(connection_property, a_cut_at_any_byte_changes_no_answer) {
  for (const std::string& sent : conversations()) {
    served whole;
    const std::string expected = whole.answers_to({sent});
    ASSERT_NE(expected, "") << sent;
    for (std::size_t cut = 1; cut < sent.size(); ++cut) {
      served s;
      ASSERT_EQ(s.answers_to({sent.substr(0, cut), sent.substr(cut)}), expected)
          << "cut at " << cut << " of:\n"
          << sent;
    }
  }
}

TEST(connection_property, byte_by_byte_changes_no_answer) {
  for (const std::string& sent : conversations()) {
    served whole;
    const std::string expected = whole.answers_to({sent});
    std::deque<std::string> bytes;
    for (const char each : sent)
      bytes.emplace_back(1, each);
    served s;
    ASSERT_EQ(s.answers_to(std::move(bytes)), expected) << sent;
  }
}

// Many conversations in a row through one connection, in pieces of random size.
TEST(connection_property, random_pieces_of_a_long_pipeline_change_no_answer) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 30; ++round) {
    std::string sent;
    for (int i = 0; i < 40; ++i)
      sent += conversations()[random() % 7];
    served whole;
    const std::string expected = whole.answers_to({sent});
    std::deque<std::string> pieces;
    for (std::size_t at = 0; at < sent.size();) {
      const std::size_t bytes = 1 + random() % (round % 2 ? 40 : 4000);
      pieces.push_back(sent.substr(at, bytes));
      at += bytes;
    }
    served s;
    ASSERT_EQ(s.answers_to(std::move(pieces)), expected);
  }
}

// Bytes flipped at random must never crash, hang or answer more than was asked. The sanitizers
// watch.
TEST(connection_property, damaged_requests_are_survived) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  served s;
  for (int round = 0; round < 3000; ++round) {
    std::string sent = conversations()[random() % conversations().size()];
    for (unsigned flips = 1 + random() % 3; flips > 0; --flips) {
      sent[random() % sent.size()] = static_cast<char>(random() % 256);
    }
    const std::size_t cut = 1 + random() % (sent.size() - 1);
    const std::string answers = s.answers_to({sent.substr(0, cut), sent.substr(cut)});
    ASSERT_TRUE(answers.empty() || answers.starts_with("HTTP/1.1 ")) << sent;
  }
}

}  // namespace
}  // namespace tacit::http
