// examples/hello, built against the installed package, is a service.

#include <gtest/gtest.h>
#include <csignal>

#include "support/process.hpp"
#include "support/raw_client.hpp"

namespace tacit::support {
namespace {

TEST(hello, greets_by_name_and_stops_in_order) {
  process program({TACIT_EXAMPLES "/hello/hello", "127.0.0.1:0"});
  const std::string address = program.await_line("listening on 127.0.0.1:");
  raw_client client(static_cast<std::uint16_t>(std::stoi(address)));
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\nHost: test\r\n\r\n").body, "Hello\n");
  EXPECT_EQ(client.exchange("GET /hello/Ada HTTP/1.1\r\nHost: test\r\n\r\n").body, "Hello, Ada\n");
  EXPECT_EQ(client.exchange("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n").status, 404);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

}  // namespace
}  // namespace tacit::support
