#include <tacit/http/traffic_recorder.hpp>

#include <gtest/gtest.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "http/asked_server.hpp"

namespace tacit::http {
namespace {

struct traffic_recorder_test : testing::Test {
  const std::string file = testing::TempDir() + "traffic-" + std::to_string(::getpid()) + ".gor";
  ~traffic_recorder_test() override { std::filesystem::remove(file); }

  [[nodiscard]] std::string written() const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(traffic_recorder_test, writes_requests_without_secrets_and_framing) {
  {
    const traffic_recorder recorder({.file = file});
    support::asked_server server;
    server.routes.use(recorder.around());
    server.ask("GET /plain?q=1", "X-One: 1\r\nauthorization: Basic c2VjcmV0\r\nCookie: secret\r\n");
    server.ask("POST /echo", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n");
    EXPECT_EQ(recorder.recorded(), 2U);
    EXPECT_EQ(recorder.dropped(), 0U);
  }
  const auto text = written();
  EXPECT_TRUE(text.starts_with("1 ")) << text;
  EXPECT_NE(text.find("\nGET /plain?q=1 HTTP/1.1\r\nHost: a.example\r\nX-One: 1\r\n\r\n\n\xF0"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("\nPOST /echo HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nabcde\n"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.find("ecret"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\xF0\x9F\x99\x89\n"));
}

TEST_F(traffic_recorder_test, drops_and_counts_what_finds_no_room) {
  const traffic_recorder recorder({.file = file, .waiting_bytes_max = 16 * 1024});
  support::asked_server server;
  server.routes.use(recorder.around());
  const std::string body(2'000, 'x');
  server.ask("POST /echo", "Content-Length: 2000\r\n\r\n" + body);
  server.ask("GET /plain");
  EXPECT_EQ(recorder.dropped(), 1U);
  EXPECT_EQ(recorder.recorded(), 1U);
}

TEST_F(traffic_recorder_test, needs_a_file_that_can_be_opened) {
  EXPECT_THROW(traffic_recorder({.file = "/nowhere/at/all"}), std::system_error);
}

}  // namespace
}  // namespace tacit::http
