#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace tacit::support {

/// A blocking socket that listens on a free port of 127.0.0.1, until it is destroyed. It throws
/// std::system_error where none can be had.
class loopback_listener {
 public:
  explicit loopback_listener(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (fd_ < 0 || ::bind(fd_, generic, size) != 0 || ::listen(fd_, backlog) != 0 ||
        ::getsockname(fd_, generic, &size) != 0) {
      const int error = errno;
      ::close(fd_);
      throw std::system_error(error, std::generic_category(), "cannot listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
  }
  loopback_listener(const loopback_listener&) = delete;
  loopback_listener& operator=(const loopback_listener&) = delete;
  ~loopback_listener() { ::close(fd_); }

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Ends the accept() that a thread waits in, and those to come. Safe from any thread.
  void stop() const noexcept { ::shutdown(fd_, SHUT_RDWR); }

 private:
  const int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace tacit::support
