// examples/pages, built against the installed package, serves the files in its binary.

#include <gtest/gtest.h>
#include <csignal>

#include "support/process.hpp"
#include "support/raw_client.hpp"

namespace tacit::support {
namespace {

TEST(pages, are_served_from_the_binary) {
  process program({TACIT_EXAMPLES "/pages/pages", "127.0.0.1:0"});
  const std::string address = program.await_line("listening on 127.0.0.1:");
  raw_client client(static_cast<std::uint16_t>(std::stoi(address)));
  const response index = client.exchange("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_NE(index.body.find("in the binary"), std::string::npos);
  EXPECT_EQ(index.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(index.field("Cache-Control"), "no-cache");
  const auto tag = index.field("ETag").value_or("");
  EXPECT_EQ(
      client.exchange("GET / HTTP/1.1\r\nHost: test\r\nIf-None-Match: " + tag + "\r\n\r\n").status,
      304);
  EXPECT_EQ(client.exchange("GET /guide HTTP/1.1\r\nHost: test\r\n\r\n").field("Location"),
            "/guide/");
  EXPECT_EQ(client.exchange("GET /none HTTP/1.1\r\nHost: test\r\n\r\n").status, 404);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

}  // namespace
}  // namespace tacit::support
