#include <tacit/http/access_log.hpp>

#include <gtest/gtest.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include <tacit/base/combined_log.hpp>
#include <tacit/http/request_id.hpp>

#include "http/access_line.hpp"
#include "http/asked_server.hpp"

namespace tacit::http {
namespace {

struct access_log_test : testing::Test {
  const std::string file = testing::TempDir() + "access-" + std::to_string(::getpid()) + ".log";
  ~access_log_test() override { std::filesystem::remove(file); }

  // What is in the file once the server is gone, line by line.
  std::vector<std::string> lines_of(const access_log_options& with,
                                    const std::function<void(support::asked_server&)>& ask) {
    {
      support::asked_server server;
      server.routes.use(access_log(with));
      ask(server);
    }
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }
};

TEST_F(access_log_test, has_every_answer_in_combined_format) {
  const auto lines = lines_of({.file = file}, [](support::asked_server& server) {
    server.ask("GET /plain?q=1", "User-Agent: a \"b\"\r\nReferer: http://x/\r\n");
    server.ask("POST /echo", "Content-Length: 2\r\n\r\nab");
    server.ask("HEAD /nowhere");
    server.ask("GET /plain", "Bad Name: x\r\n");
  });
  ASSERT_EQ(lines.size(), 4U);
  base::combined_log_line line;
  ASSERT_EQ(base::parse_combined_log(lines[0], line), nullptr) << lines[0];
  EXPECT_EQ(line.target, "/plain?q=1");
  EXPECT_EQ(line.status, 200);
  EXPECT_EQ(line.bytes, 5U);
  EXPECT_EQ(line.referrer, "http://x/");
  EXPECT_EQ(line.user_agent, "a \\x22b\\x22");
  EXPECT_NEAR(static_cast<double>(line.time_s), static_cast<double>(std::time(nullptr)), 60);
  ASSERT_EQ(base::parse_combined_log(lines[1], line), nullptr) << lines[1];
  EXPECT_EQ(line.method, "POST");
  ASSERT_EQ(base::parse_combined_log(lines[2], line), nullptr) << lines[2];
  EXPECT_EQ(line.status, 404);
  EXPECT_EQ(line.bytes, 0U);
  EXPECT_NE(lines[3].find(" 400 "), std::string::npos) << "the parser's refusals too: " << lines[3];
}

TEST_F(access_log_test, has_objects_in_json_format) {
  const auto lines =
      lines_of({.file = file, .format = access_log_format::json_lines}, [](auto& server) {
        server.routes.use(request_ids());
        server.ask("GET /item/7", "X-Request-Id: abc\r\nUser-Agent: \"\\\xC3\xA9\xFF\tx\r\n");
      });
  ASSERT_EQ(lines.size(), 1U);
  const auto line = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(line.at("request_id"), "abc");
  EXPECT_EQ(line.at("method"), "GET");
  EXPECT_EQ(line.at("target"), "/item/7");
  EXPECT_EQ(line.at("host"), "a.example");
  EXPECT_EQ(line.at("status"), 200);
  EXPECT_EQ(line.at("bytes"), 1);
  EXPECT_GE(line.at("duration_us"), 0);
  EXPECT_EQ(line.at("user_agent"), "\"\\\xC3\xA9\xEF\xBF\xBD\tx");
}

TEST_F(access_log_test, logs_a_sample_and_all_server_errors) {
  const auto lines = lines_of({.file = file, .sample = 0.25}, [](auto& server) {
    for (int i = 0; i < 2000; ++i)
      server.ask("GET /plain");
    server.routes.get("/broken", [](context& c) { c.problem(500); });
    for (int i = 0; i < 10; ++i)
      server.ask("GET /broken");
  });
  std::size_t errors = 0;
  for (const auto& each : lines)
    errors += each.find(" 500 ") != std::string::npos ? 1 : 0;
  EXPECT_EQ(errors, 10U);
  // Ten standard deviations.
  EXPECT_NEAR(static_cast<double>(lines.size() - errors), 500, 194);
}

TEST_F(access_log_test, needs_a_file_that_can_be_opened) {
  EXPECT_THROW(static_cast<void>(access_log({.file = "/nowhere/at/all"})), std::system_error);
}

TEST(access_line, writes_times_in_utc) {
  context c(*std::pmr::new_delete_resource());
  c.request.method_name = "GET";
  c.request.target = "/";
  access what;
  what.client = "192.0.2.1";
  what.unix_ms = 1709210096789;  // A leap day.
  std::pmr::string combined, json;
  append_combined(combined, c, what);
  append_json(json, c, what);
  EXPECT_EQ(combined,
            "192.0.2.1 - - [29/Feb/2024:12:34:56 +0000] \"GET / HTTP/1.1\" 200 0 \"-\" \"-\"\n");
  EXPECT_TRUE(json.starts_with("{\"time\":\"2024-02-29T12:34:56.789Z\",\"client\":\"192.0.2.1\","))
      << json;
}

}  // namespace
}  // namespace tacit::http
