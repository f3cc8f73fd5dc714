// examples/chat, built against the installed package, passes messages on to all who listen.

#include <gtest/gtest.h>
#include <csignal>

#include "support/process.hpp"
#include "support/raw_client.hpp"

namespace tacit::support {
namespace {

constexpr const char* listen = "GET /messages HTTP/1.1\r\nHost: test\r\n\r\n";

TEST(chat, passes_each_message_on_to_all_who_listen_and_ends_their_streams_in_a_drain) {
  process program({TACIT_EXAMPLES "/chat/chat", "127.0.0.1:0"});
  const auto port =
      static_cast<std::uint16_t>(std::stoi(program.await_line("listening on 127.0.0.1:")));
  raw_client one(port), other(port), speaker(port);
  for (raw_client* each : {&one, &other}) {
    each->send(listen);
    each->read_through("event: joined");
  }
  EXPECT_EQ(speaker
                .exchange("POST /messages HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n"
                          "Hello, all")
                .status,
            202);
  for (raw_client* each : {&one, &other})
    each->read_through("data: Hello, all\n");
  program.signal(SIGTERM);
  for (raw_client* each : {&one, &other})
    EXPECT_TRUE(each->read_to_end().ends_with("0\r\n\r\n"));
  EXPECT_EQ(program.wait(), 0);
}

}  // namespace
}  // namespace tacit::support
