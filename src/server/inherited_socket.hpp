#pragma once

#include <optional>
#include <string>
#include <variant>

#include <tacit/base/error.hpp>
#include <tacit/io/listening_socket.hpp>
#include <tacit/io/unique_fd.hpp>

namespace tacit::server {

/// What a process is given by the one that started it: by systemd, or by the server that it is to
/// succeed.
struct inheritance {
  std::optional<io::listening_socket> socket;

  /// To be written to when the process serves; then its predecessor ends. Only of a successor.
  io::unique_fd predecessor;

  /// What the predecessor was told to listen on. Nothing if systemd made the socket.
  std::optional<std::string> configured;
};

/// Takes what the environment names (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES as in
/// sd_listen_fds(3), and the variables of successor.hpp), and removes it from there, so that no
/// child takes it again. Of several sockets, the one named "http" is taken.
///
/// Fails if there is a socket for this process that it cannot listen on.
/// Threads: call it before others are started; it changes the environment.
[[nodiscard]] std::variant<inheritance, base::failure> take_inheritance();

}  // namespace tacit::server
