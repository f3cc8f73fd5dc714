// examples/beside_asio, built against the installed package: a handler asks the program's
// io_context.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>
#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/raw_client.hpp"

namespace tacit::support {
namespace {

void send_datagram(std::uint16_t port, std::string_view bytes) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto sent = ::sendto(fd, bytes.data(), bytes.size(), 0,
                             reinterpret_cast<const sockaddr*>(&to), sizeof to);
  EXPECT_EQ(sent, static_cast<ssize_t>(bytes.size()));
  ::close(fd);
}

TEST(beside_asio, a_handler_awaits_what_the_programs_own_io_context_does) {
  process program({TACIT_EXAMPLES "/beside_asio/beside_asio", "127.0.0.1:0"});
  const auto udp_port = static_cast<std::uint16_t>(std::stoi(program.await_line("udp port ")));
  const std::string address = program.await_line("listening on 127.0.0.1:");
  raw_client client(static_cast<std::uint16_t>(std::stoi(address)));
  send_datagram(udp_port, "hello");
  send_datagram(udp_port, "you");
  // The kernel takes datagrams on the loopback at once; the program may take a moment to read them.
  nlohmann::json counts;
  do {
    counts = nlohmann::json::parse(
        client.exchange("GET /datagrams HTTP/1.1\r\nHost: test\r\n\r\n").body);
  } while (counts.at("datagrams") != 2);
  EXPECT_EQ(counts.at("bytes"), 8);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

}  // namespace
}  // namespace tacit::support
