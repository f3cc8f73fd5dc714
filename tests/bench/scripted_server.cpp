#include "scripted_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tacit::bench {

scripted_server::scripted_server(script answers) : answers_{std::move(answers)} {
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread{[this] { serve(); }};
}

scripted_server::~scripted_server() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  thread_.join();
  ::close(wake_);
}

std::string scripted_server::authority() const {
  return "127.0.0.1:" + std::to_string(listener_.port());
}

endpoint scripted_server::address() const {
  return resolve(parse_url("http://" + authority()));
}

void scripted_server::serve() {
  std::vector<peer> peers;
  for (;;) {
    std::vector<pollfd> waiting{{wake_, POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
    for (const auto& p : peers)
      waiting.push_back({p.fd, POLLIN, 0});
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) break;
    for (std::size_t i = peers.size(); i-- > 0;) {
      if (waiting[i + 2].revents == 0 || answer(peers[i])) continue;
      ::close(peers[i].fd);
      peers.erase(peers.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waiting[1].revents != 0) {
      peers.push_back({::accept(listener_.fd(), nullptr, nullptr), {}});
      ++connections_;
    }
  }
  for (const auto& p : peers)
    ::close(p.fd);
}

/// Answers what has come in whole. False when the connection is to be closed.
bool scripted_server::answer(peer& from) {
  char buffer[64 * 1024];
  const auto n = ::recv(from.fd, buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  from.received.append(buffer, static_cast<std::size_t>(n));
  for (auto end = from.received.find("\r\n\r\n"); end != std::string::npos;
       end = from.received.find("\r\n\r\n")) {
    const auto head = from.received.substr(0, end);
    from.received.erase(0, end + 4);
    ++requests_;
    const auto said = answers_(head, from.answered++);
    ::send(from.fd, said.bytes.data(), said.bytes.size(), MSG_NOSIGNAL);
    if (said.resets) {
      const linger none{1, 0};
      ::setsockopt(from.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    if (said.closes || said.resets) return false;
  }
  return true;
}

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace tacit::bench
