#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <tacit/base/error.hpp>
#include <tacit/io/unique_fd.hpp>

namespace tacit::io {

/// "HOST:PORT" taken apart. HOST is an IPv4 address, an IPv6 address in brackets, or empty for all
/// addresses; names are not looked up, because a listener that depends on DNS starts by luck.
struct listen_address {
  std::string host;
  std::uint16_t port = 0;  ///< 0: the system picks one.

  [[nodiscard]] static std::variant<listen_address, base::failure> parse(std::string_view text);
};

/// A socket that listens, not yet tied to a way of accepting. It does not block: when two processes
/// accept from it, one of them finds that the other was faster.
class listening_socket {
 public:
  /// Binds and listens, with SO_REUSEADDR and TCP_NODELAY (which accepted sockets inherit).
  [[nodiscard]] static std::variant<listening_socket, base::failure> open(
      const std::string& address);

  /// Takes one that another process has made: TCP or a Unix stream socket. Fails if `fd` is no
  /// socket that listens.
  [[nodiscard]] static std::variant<listening_socket, base::failure> adopt(unique_fd fd);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// How many connections have been made and wait to be accepted. 0 for a Unix socket, whose kernel
  /// does not tell.
  [[nodiscard]] int queued() const noexcept;

  /// "HOST:PORT" as bound, with the port that the system picked; "unix:PATH" of a Unix socket.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

 private:
  listening_socket(unique_fd fd, std::string address)
      : fd_(std::move(fd)), address_(std::move(address)) {}

  unique_fd fd_;
  std::string address_;
};

}  // namespace tacit::io
