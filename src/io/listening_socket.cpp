#include <tacit/io/listening_socket.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace tacit::io {
namespace {

// What waits here has finished its handshake. The kernel caps it at net.core.somaxconn.
constexpr int backlog = 4096;

// What the kernel takes of an answer beyond what is under way to the peer. Without it, a peer that
// reads nothing is given as much as its buffer may grow to, 4 MB, and some hundred of them all the
// memory that the kernel has for TCP: then everybody's connections fail. How much is under way, and
// so the speed over long distances, is not limited.
constexpr int unsent_bytes_max = 256 * 1024;

union socket_address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un local;
};

base::failure system_failure(const std::string& what) {
  return {what + ": " + std::strerror(errno)};
}

// 0 if the host is no address.
socklen_t fill(socket_address& out, const listen_address& from) {
  std::memset(&out, 0, sizeof out);
  if (inet_pton(AF_INET, from.host.empty() ? "0.0.0.0" : from.host.c_str(), &out.v4.sin_addr) ==
      1) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(from.port);
    return sizeof out.v4;
  }
  if (inet_pton(AF_INET6, from.host.c_str(), &out.v6.sin6_addr) == 1) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(from.port);
    return sizeof out.v6;
  }
  return 0;
}

// An abstract name, which begins with a zero byte, is written with '@' as everywhere.
std::string local_name(const sockaddr_un& from, socklen_t size) {
  const std::size_t bytes =
      size > offsetof(sockaddr_un, sun_path) ? size - offsetof(sockaddr_un, sun_path) : 0;
  if (bytes == 0) return {};
  if (from.sun_path[0] == 0) return "@" + std::string(from.sun_path + 1, bytes - 1);
  return {from.sun_path, ::strnlen(from.sun_path, bytes)};
}

// What accepted connections inherit. Fails on a Unix socket, which needs none of it.
void prepare_for_connections(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max, sizeof unsent_bytes_max);
}

std::string bound_address(int fd) {
  socket_address bound;
  socklen_t size = sizeof bound;
  if (getsockname(fd, &bound.any, &size) != 0) return {};
  if (bound.any.sa_family == AF_UNIX) return "unix:" + local_name(bound.local, size);
  char host[INET6_ADDRSTRLEN] = {};
  if (bound.any.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &bound.v6.sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(bound.v6.sin6_port));
  }
  inet_ntop(AF_INET, &bound.v4.sin_addr, host, sizeof host);
  return std::string(host) + ":" + std::to_string(ntohs(bound.v4.sin_port));
}

}  // namespace

unique_fd::~unique_fd() {
  if (fd_ >= 0) ::close(fd_);
}

std::variant<listen_address, base::failure> listen_address::parse(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return base::failure{"listen address '" + std::string(text) + "': " + why +
                             "; expected ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080",
                         true};
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("an IPv6 address goes in brackets");
  }
  listen_address parsed{std::string(host), 0};
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
  if (ec != std::errc{} || end != port.data() + port.size() || port.empty()) {
    return refuse("the port is no number from 0 to 65535");
  }
  socket_address unused;
  if (fill(unused, parsed) == 0) return refuse("the host is no IP address");
  return parsed;
}

std::variant<listening_socket, base::failure> listening_socket::open(const std::string& address) {
  auto parsed = listen_address::parse(address);
  if (auto* failure = std::get_if<base::failure>(&parsed)) return *failure;
  socket_address wanted;
  const socklen_t size = fill(wanted, std::get<listen_address>(parsed));

  unique_fd fd(::socket(wanted.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return system_failure("cannot make a socket for " + address);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  prepare_for_connections(fd.get());
  if (::bind(fd.get(), &wanted.any, size) != 0 || ::listen(fd.get(), backlog) != 0) {
    return system_failure("cannot listen on " + address);
  }
  std::string bound = bound_address(fd.get());
  return listening_socket(std::move(fd), std::move(bound));
}

int listening_socket::queued() const noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return static_cast<int>(info.tcpi_unacked);  // Of a socket that listens, its queue.
}

std::variant<listening_socket, base::failure> listening_socket::adopt(unique_fd fd) {
  const std::string name = "descriptor " + std::to_string(fd.get());
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
    return system_failure(name + " was given to listen on, and is not usable");
  }
  if (listens == 0) {
    return base::failure{name + " was given to listen on, and is no socket that listens"};
  }
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0 ||
      ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return system_failure(name);
  }
  prepare_for_connections(fd.get());
  std::string bound = bound_address(fd.get());
  return listening_socket(std::move(fd), std::move(bound));
}

}  // namespace tacit::io
