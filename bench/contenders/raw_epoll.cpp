// The limit of the machine: an epoll loop that finds where requests end and sends prebuilt bytes.
// It parses nothing, so no real server can be faster. A yardstick, not a web server.
//
//     raw_epoll PORT       answers every request on 127.0.0.1:PORT with "Hello, World!"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nServer: raw_epoll\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 4096) != 0) {
    std::fprintf(stderr, "raw_epoll: 127.0.0.1:%d: %s\n", port, std::strerror(errno));
    std::exit(1);
  }
  return fd;
}

/// How many requests end in `bytes`. One whose end is cut in two is not seen: the clients of this
/// yardstick send whole requests.
std::size_t requests_in(std::string_view bytes) {
  std::size_t found = 0;
  for (auto at = bytes.find("\r\n\r\n"); at != std::string_view::npos;
       at = bytes.find("\r\n\r\n", at + 4)) {
    ++found;
  }
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: raw_epoll PORT\n");
    return 2;
  }
  const int listener = listen_on(std::atoi(argv[1]));
  const int epoll = ::epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::string answers;
  for (int i = 0; i < 1024; ++i)
    answers += answer;
  static char buffer[64 * 1024];
  for (;;) {
    epoll_event events[256];
    const int n = ::epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        event.data.fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        const int on = 1;
        ::setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
        continue;
      }
      const auto got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got < 0 && errno == EAGAIN) continue;
      const auto count = got <= 0 ? 0 : requests_in({buffer, static_cast<std::size_t>(got)});
      if (got <= 0 || ::send(fd, answers.data(), std::min<std::size_t>(count, 1024) * answer.size(),
                             MSG_NOSIGNAL) < 0) {
        ::close(fd);
      }
    }
  }
}
