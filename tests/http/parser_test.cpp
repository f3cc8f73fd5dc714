#include "http/parser.hpp"

#include <gtest/gtest.h>

#include <memory_resource>
#include <string>

namespace tacit::http {
namespace {

struct parsed {
  explicit parsed(std::string input, limits with = {})
      : text(std::move(input)), bounds(with), asked(memory), under_test(bounds, asked, memory) {
    std::size_t at = 0;
    do {
      std::size_t consumed = 0;
      result = under_test.parse(std::string_view(text).substr(at), consumed);
      at += consumed;
    } while (result == parser::progress::head_complete && at < text.size());
    rest = text.substr(at);
  }
  std::string text;
  limits bounds;
  std::pmr::monotonic_buffer_resource resource;
  std::pmr::memory_resource& memory{resource};
  request asked;
  parser under_test;
  parser::progress result;
  std::string rest;

  [[nodiscard]] bool is_complete() const { return result == parser::progress::complete; }
  [[nodiscard]] int refused_with() const {
    return result == parser::progress::refused ? under_test.why().status : 0;
  }
};

std::string with_host(const std::string& rest) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + rest + "\r\n";
}

TEST(parser, takes_a_request_apart) {
  const parsed p("GET /a/b?c=d HTTP/1.1\r\nHost: example\r\nX-One:  padded \r\n\r\nnext");
  ASSERT_TRUE(p.is_complete());
  EXPECT_EQ(p.asked.method, method::get);
  EXPECT_EQ(p.asked.target, "/a/b?c=d");
  EXPECT_EQ(p.asked.path, "/a/b");
  EXPECT_EQ(p.asked.query, "c=d");
  EXPECT_EQ(p.asked.version, 11);
  EXPECT_TRUE(p.asked.keep_alive);
  EXPECT_EQ(p.asked.find("x-one"), "padded");
  EXPECT_EQ(p.asked.body, "");
  EXPECT_EQ(p.rest, "next");
}

TEST(parser, views_a_body_that_came_in_one_piece) {
  const parsed p("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET");
  ASSERT_TRUE(p.is_complete());
  EXPECT_EQ(p.asked.body, "hello");
  EXPECT_EQ(p.asked.body.data(), p.text.data() + p.text.find("hello"));
  EXPECT_EQ(p.rest, "GET");
}

TEST(parser, joins_chunks_and_keeps_trailers_apart) {
  const parsed p(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;name=value\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n");
  ASSERT_TRUE(p.is_complete());
  EXPECT_EQ(p.asked.body, "abc0123456789");
  EXPECT_EQ(p.asked.find("X-Trailer"), std::nullopt);
  ASSERT_EQ(p.asked.trailers.size(), 1U);
  EXPECT_EQ(p.asked.trailers[0].name, "X-Trailer");
  EXPECT_EQ(p.asked.trailers[0].value, "t");
}

TEST(parser, knows_the_forms_of_a_target) {
  EXPECT_EQ(parsed("GET http://host/p?q HTTP/1.1\r\nHost: a\r\n\r\n").asked.path, "/p");
  EXPECT_EQ(parsed("GET http://host HTTP/1.1\r\nHost: a\r\n\r\n").asked.path, "/");
  EXPECT_EQ(parsed("GET http://host?q=1 HTTP/1.1\r\nHost: a\r\n\r\n").asked.query, "q=1");
  EXPECT_EQ(parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").asked.path, "*");
  for (const auto* bad : {"GET * HTTP/1.1", "GET path HTTP/1.1", "GET ftp://h/ HTTP/1.1",
                          "GET /a#b HTTP/1.1", "GET http:///p HTTP/1.1", "GET http://u@h/ HTTP/1.1",
                          "CONNECT host HTTP/1.1", "CONNECT /p HTTP/1.1", "GET host:80 HTTP/1.1"}) {
    EXPECT_EQ(parsed(std::string(bad) + "\r\nHost: a\r\n\r\n").refused_with(), 400) << bad;
  }
  EXPECT_EQ(parsed("CONNECT host:80 HTTP/1.1\r\nHost: a\r\n\r\n").refused_with(), 501);
}

TEST(parser, an_absolute_target_replaces_the_host_field) {
  EXPECT_EQ(parsed("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n").asked.authority, "a:80");
  EXPECT_EQ(parsed("GET http://b:1/ HTTP/1.1\r\nHost: a\r\n\r\n").asked.authority, "b:1");
  EXPECT_EQ(parsed("GET http://b HTTP/1.0\r\n\r\n").asked.authority, "b");
}

TEST(parser, follows_the_rules_of_persistence) {
  const auto keeps = [](const std::string& text) { return parsed(text).asked.keep_alive; };
  EXPECT_TRUE(keeps(with_host("")));
  EXPECT_FALSE(keeps(with_host("Connection: close\r\n")));
  EXPECT_FALSE(keeps(with_host("Connection: x, Close\r\n")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(parser, insists_on_one_host) {
  EXPECT_EQ(parsed("GET / HTTP/1.1\r\n\r\n").refused_with(), 400);
  EXPECT_EQ(parsed(with_host("Host: b\r\n")).refused_with(), 400);
  EXPECT_EQ(parsed("GET / HTTP/1.1\r\nHost: a b\r\n\r\n").refused_with(), 400);
  EXPECT_TRUE(parsed("GET / HTTP/1.0\r\n\r\n").is_complete());
  EXPECT_TRUE(parsed("GET / HTTP/1.1\r\nHost:\r\n\r\n").is_complete());
}

struct vector_of_smuggling {
  const char* name;
  const char* head;
  int status;
};

class refuses : public testing::TestWithParam<vector_of_smuggling> {};

TEST_P(refuses, with_the_right_status) {
  const auto& [name, head, status] = GetParam();
  EXPECT_EQ(parsed(head).refused_with(), status) << name;
}

#define REQUEST "POST / HTTP/1.1\r\nHost: a\r\n"
INSTANTIATE_TEST_SUITE_P(
    parser, refuses,
    testing::Values(
        vector_of_smuggling{"length_and_chunked",
                            REQUEST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        vector_of_smuggling{"chunked_and_length",
                            REQUEST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
        vector_of_smuggling{"two_lengths", REQUEST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
                            400},
        vector_of_smuggling{"two_equal_lengths",
                            REQUEST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
        vector_of_smuggling{"list_of_lengths", REQUEST "Content-Length: 3, 3\r\n\r\n", 400},
        vector_of_smuggling{"signed_length", REQUEST "Content-Length: +3\r\n\r\n", 400},
        vector_of_smuggling{"negative_length", REQUEST "Content-Length: -3\r\n\r\n", 400},
        vector_of_smuggling{"hexadecimal_length", REQUEST "Content-Length: 0x3\r\n\r\n", 400},
        vector_of_smuggling{"overflowing_length",
                            REQUEST "Content-Length: 18446744073709551616\r\n\r\n", 400},
        vector_of_smuggling{"empty_length", REQUEST "Content-Length:\r\n\r\n", 400},
        vector_of_smuggling{"unknown_coding", REQUEST "Transfer-Encoding: gzip\r\n\r\n", 400},
        vector_of_smuggling{"unknown_coding_before_chunked",
                            REQUEST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        vector_of_smuggling{"chunked_not_last", REQUEST "Transfer-Encoding: chunked, gzip\r\n\r\n",
                            400},
        vector_of_smuggling{"quoted_chunked", REQUEST "Transfer-Encoding: \"chunked\"\r\n\r\n",
                            400},
        vector_of_smuggling{
            "twice_chunked",
            REQUEST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        vector_of_smuggling{"chunked_in_1_0",
                            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        vector_of_smuggling{"folded_field", REQUEST "X: a\r\n b\r\n\r\n", 400},
        vector_of_smuggling{"space_before_colon", REQUEST "Content-Length : 3\r\n\r\n", 400},
        vector_of_smuggling{"space_before_name", REQUEST " X: a\r\n\r\n", 400},
        vector_of_smuggling{"no_colon", REQUEST "X\r\n\r\n", 400},
        vector_of_smuggling{"empty_name", REQUEST ": a\r\n\r\n", 400},
        vector_of_smuggling{"bare_lf_in_head", "GET / HTTP/1.1\nHost: a\n\r\n\r\n", 400},
        vector_of_smuggling{"bare_lf_after_field", REQUEST "X: a\nY: b\r\n\r\n", 400},
        vector_of_smuggling{"bare_cr_in_value", REQUEST "X: a\rb\r\n\r\n", 400},
        vector_of_smuggling{"control_character", REQUEST "X: a\x01\r\n\r\n", 400},
        vector_of_smuggling{"chunk_size_no_number",
                            REQUEST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 400},
        vector_of_smuggling{"chunk_size_overflows",
                            REQUEST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
        vector_of_smuggling{"chunk_longer_than_said",
                            REQUEST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
                            400},
        vector_of_smuggling{"other_version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        vector_of_smuggling{"no_version", "GET /\r\nHost: a\r\n\r\n", 400},
        vector_of_smuggling{"version_too_short", "GET / HTT\r\n\r\n", 400},
        vector_of_smuggling{"two_spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        vector_of_smuggling{"no_method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        vector_of_smuggling{"unknown_expectation", REQUEST "Expect: magic\r\n\r\n", 417}),
    [](const auto& case_) { return case_.param.name; });
#undef REQUEST

// Found by fuzzing: Beast counts anew from each field that it has consumed.
TEST(parser, limits_the_head_alike_wherever_the_bytes_are_cut) {
  limits tight;
  tight.head_bytes_max = 60;
  const auto status_at_cut = [&](const std::string& text, std::size_t cut) {
    std::pmr::monotonic_buffer_resource memory;
    request asked(memory);
    parser under_test(tight, asked, memory);
    std::size_t at = 0;
    auto result = under_test.parse(std::string_view(text).substr(0, cut), at);
    if (result == parser::progress::need_more) {
      std::size_t consumed = 0;
      result = under_test.parse(std::string_view(text).substr(at), consumed);
    }
    if (result == parser::progress::refused) return under_test.why().status;
    return result == parser::progress::complete ? 200 : 0;
  };
  const std::string fits = with_host("A: 1\r\nB: " + std::string(22, 'x') + "\r\n");
  ASSERT_EQ(fits.size(), tight.head_bytes_max);
  const std::string larger = with_host("A: 1\r\nB: " + std::string(23, 'x') + "\r\n");
  for (std::size_t cut = 1; cut < fits.size(); ++cut)
    EXPECT_EQ(status_at_cut(fits, cut), 200) << "cut at " << cut;
  for (std::size_t cut = 1; cut < larger.size(); ++cut)
    EXPECT_EQ(status_at_cut(larger, cut), 431) << "cut at " << cut;
  EXPECT_EQ(status_at_cut(larger.substr(0, larger.size() - 2), 40), 0) << "its end may come";
  EXPECT_EQ(status_at_cut(larger.substr(0, larger.size() - 2) + "C: ", 40), 431);
}

TEST(parser, keeps_to_its_limits) {
  limits tight;
  tight.target_bytes_max = 20;
  tight.fields_max = 3;
  tight.body_bytes_max = 5;
  tight.head_bytes_max = 200;
  EXPECT_EQ(
      parsed("GET /" + std::string(20, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", tight).refused_with(),
      414);
  EXPECT_TRUE(
      parsed("GET /" + std::string(19, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", tight).is_complete());
  EXPECT_EQ(parsed(with_host("A: 1\r\nB: 2\r\nC: 3\r\n"), tight).refused_with(), 431);
  EXPECT_TRUE(parsed(with_host("A: 1\r\nB: 2\r\n"), tight).is_complete());
  EXPECT_EQ(parsed(with_host("A: " + std::string(300, 'x') + "\r\n"), tight).refused_with(), 431);
  EXPECT_TRUE(
      parsed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", tight).is_complete());
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parsed(chunked + "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", tight).refused_with(), 413);
  EXPECT_TRUE(parsed(chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", tight).is_complete());
}

}  // namespace
}  // namespace tacit::http
