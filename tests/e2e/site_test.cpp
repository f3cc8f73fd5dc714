// `tacit serve --site LOG`: every target answers as it was most often logged.

#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>

#include "e2e/server_process.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::raw_client;
using support::response;

std::string line(const std::string& request, int status, const std::string& bytes) {
  return "192.0.2.7 - - [29/Jan/2025:11:22:33 +0100] \"" + request + " HTTP/1.1\" " +
         std::to_string(status) + " " + bytes + " \"-\" \"test \\\"agent\\\" 1.0\"\n";
}

class site : public every_cell {
 protected:
  [[nodiscard]] server_process serve_site(const std::string& log,
                                          std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--site", folder_.write("access.log", log)});
    return serve(std::move(more));
  }

  static void expect_answer(const server_process& server, const std::string& target, int status,
                            std::size_t bytes) {
    const response answer = server.get(target);
    EXPECT_EQ(answer.status, status) << target;
    EXPECT_EQ(answer.body.size(), bytes) << target;
  }

  support::temporary_folder folder_;
};
TACIT_IN_EVERY_CELL(site);

TEST_P(site, the_most_frequent_answer_wins) {
  const server_process server = serve_site(line("GET /a", 200, "500") + line("GET /a", 200, "100") +
                                           line("GET /a", 404, "9") + line("GET /a", 200, "100") +
                                           line("POST /b", 201, "7") + line("GET /", 200, "12345"));
  expect_answer(server, "/a", 200, 100);
  expect_answer(server, "/b", 201, 7);
  expect_answer(server, "/", 200, 12345);
}

TEST_P(site, a_tie_goes_to_the_lower_status_and_then_to_fewer_bytes) {
  const server_process server = serve_site(line("GET /a", 404, "1") + line("GET /a", 200, "50") +
                                           line("GET /b", 200, "70") + line("GET /b", 200, "60"));
  expect_answer(server, "/a", 200, 50);
  expect_answer(server, "/b", 200, 60);
}

TEST_P(site, head_lines_count_only_where_there_is_nothing_else) {
  const server_process server = serve_site(line("HEAD /a", 200, "0") + line("HEAD /a", 200, "0") +
                                           line("GET /a", 200, "30") + line("HEAD /b", 404, "-"));
  expect_answer(server, "/a", 200, 30);
  expect_answer(server, "/b", 404, 0);
}

TEST_P(site, the_query_belongs_to_the_target) {
  const server_process server =
      serve_site(line("GET /q?x=1", 200, "1") + line("GET /q?x=2", 200, "2") +
                 line("GET /%C3%A9%20", 200, "3"));
  expect_answer(server, "/q?x=1", 200, 1);
  expect_answer(server, "/q?x=2", 200, 2);
  expect_answer(server, "/%C3%A9%20", 200, 3);
  EXPECT_EQ(server.get("/q").status, 404);
  EXPECT_EQ(server.get("/q?x=3").status, 404);
}

TEST_P(site, every_method_gets_the_answer) {
  const server_process server = serve_site(line("GET /a", 200, "30"));
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(post_request("/a", "some body")).body.size(), 30u);
  EXPECT_EQ(client.exchange("DELETE /a HTTP/1.1\r\nHost: test\r\n\r\n").body.size(), 30u);
  EXPECT_EQ(client.exchange("OPTIONS /a HTTP/1.1\r\nHost: test\r\n\r\n").body.size(), 30u);
  client.send("HEAD /a HTTP/1.1\r\nHost: test\r\n\r\n");
  const response head = client.read_response(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "30");
  EXPECT_EQ(client.exchange(get_request("/a")).body.size(), 30u);
}

TEST_P(site, statuses_answer_as_their_kind_demands) {
  const server_process server = serve_site(
      line("GET /204", 204, "-") + line("GET /304", 304, "250") + line("GET /301", 301, "178") +
      line("GET /302", 302, "0") + line("GET /307", 307, "5") + line("GET /308", 308, "5") +
      line("GET /206", 206, "1000") + line("GET /416", 416, "11") + line("GET /500", 500, "32") +
      line("GET /101", 101, "-") + line("GET /403", 403, "-"));
  raw_client client = server.connect();
  for (const char* target : {"/204", "/304"}) {
    const response answer = client.exchange(get_request(target));
    EXPECT_EQ(std::to_string(answer.status), target + 1);
    EXPECT_EQ(answer.field("Content-Length"), std::nullopt) << target;
  }
  for (const char* target : {"/301", "/302", "/307", "/308"}) {
    EXPECT_TRUE(client.exchange(get_request(target)).field("Location")) << target;
  }
  const response part = client.exchange(get_request("/206"));
  EXPECT_EQ(part.body.size(), 1000u);
  EXPECT_EQ(part.field("Content-Range").value_or("").substr(0, 6), "bytes ");
  EXPECT_TRUE(client.exchange(get_request("/416")).field("Content-Range"));
  expect_answer(server, "/301", 301, 178);
  expect_answer(server, "/500", 500, 32);
  expect_answer(server, "/101", 200, 0);
  expect_answer(server, "/403", 403, 0);
}

TEST_P(site, a_body_limit_caps_what_is_sent) {
  const server_process server = serve_site(
      line("GET /a", 200, "5000") + line("GET /b", 200, "99") + line("GET /c", 206, "5000"),
      {"--body-limit", "100"});
  expect_answer(server, "/a", 200, 100);
  expect_answer(server, "/b", 200, 99);
  expect_answer(server, "/c", 206, 100);
  raw_client client = server.connect();
  client.send("HEAD /a HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(client.read_response(true).field("Content-Length"), "100");
}

TEST_P(site, large_bodies_cost_no_large_memory) {
  // A report of a stall reads the program's tables of lines, tens of megabytes where it has them,
  // and keeps them.
  const server_process server =
      serve_site(line("GET /large", 200, "69000000") + line("GET /small", 200, "1000000"),
                 {"--stall-bound-ms", "0"});
  // An emulator translates code when it is first run, and keeps books of addresses that were
  // reserved: in memory that counts as the server's.
  EXPECT_EQ(server.get("/small").body.size(), 1000000u);
  static_cast<void>(server.runtime());
  const long before = server.runtime().at("rss_bytes");
  EXPECT_EQ(server.get("/large").body.size(), 69000000u);
  EXPECT_LT(server.runtime().at("rss_bytes").get<long>() - before, 20'000'000);
}

TEST_P(site, lines_that_are_none_do_not_count) {
  const server_process server = serve_site(
      "not a line\n\n" + line("GET /a", 200, "30") + "192.0.2.7 - - [29/Jan/2025:11:22:33 +0100] " +
      "\"\\x16\\x03\\x01\" 400 226 \"-\" \"-\"\n" + line("GET /a", 200, "30"));
  expect_answer(server, "/a", 200, 30);
}

TEST_P(site, targets_that_were_not_logged_are_404) {
  const server_process server = serve_site(line("GET /a", 200, "30"));
  const response answer = server.get("/b");
  EXPECT_EQ(answer.status, 404);
  EXPECT_LT(answer.body.size(), 200u);
}

TEST_P(site, every_target_of_a_real_log_answers) {
  const std::filesystem::path log =
      std::filesystem::path(TACIT_SOURCE_DIR) / ".." / "shared" / "data" / "access.log";
  if (!std::filesystem::exists(log)) GTEST_SKIP() << "there is no " << log;
  const server_process server = serve({"--site", log.string(), "--body-limit", "100"});
  raw_client client = server.connect();
  std::ifstream lines(log);
  int asked = 0;
  for (std::string text; std::getline(lines, text);) {
    const std::size_t begin = text.find("\"GET /");
    const std::size_t end = text.find(" HTTP/1.1\" ", begin);
    if (begin == std::string::npos || end == std::string::npos) continue;
    const response answer = client.exchange(get_request(text.substr(begin + 5, end - begin - 5)));
    ASSERT_GE(answer.status, 200) << text;
    ASSERT_LE(answer.body.size(), 100u) << text;
    ++asked;
  }
  EXPECT_GT(asked, 1000);
}

}  // namespace
}  // namespace tacit::e2e
