#include "support/scripted_peer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>

namespace tacit::support {

scripted_peer::scripted_peer(std::size_t expected_bytes, std::string answer)
    : thread_([this, expected_bytes, answer = std::move(answer)] {
        converse(expected_bytes, answer);
      }) {}

scripted_peer::~scripted_peer() {
  // Of a dialogue that nobody began.
  listener_.stop();
  if (thread_.joinable()) thread_.join();
}

const std::string& scripted_peer::heard() {
  if (thread_.joinable()) thread_.join();
  return heard_;
}

void scripted_peer::converse(std::size_t expected_bytes, const std::string& answer) {
  const int peer = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
  if (peer < 0) return;
  const int on = 1;
  ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::array<char, 4096> chunk;
  while (heard_.size() < expected_bytes) {
    const ssize_t got = ::recv(peer, chunk.data(), chunk.size(), 0);
    if (got <= 0) break;
    heard_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  for (const char byte : answer)
    ::send(peer, &byte, 1, MSG_NOSIGNAL);
  ::close(peer);
}

}  // namespace tacit::support
