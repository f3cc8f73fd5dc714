#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include <tacit/io/listening_socket.hpp>
#include <tacit/io/unique_fd.hpp>

namespace tacit::io {

/// Both ends of a TCP connection over the loopback device.
struct connected_pair {
  unique_fd ours;
  unique_fd theirs;

  void peer_sends(std::string_view text) const {
    EXPECT_EQ(::send(theirs.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
};

inline connected_pair connect_pair() {
  auto opened = listening_socket::open("127.0.0.1:0");
  const auto& listening = std::get<listening_socket>(opened);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(
      std::stoi(listening.address().substr(listening.address().rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_pair pair;
  pair.theirs = unique_fd(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(::connect(pair.theirs.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  pair.ours = unique_fd(::accept(listening.fd(), nullptr, nullptr));
  return pair;
}

}  // namespace tacit::io
