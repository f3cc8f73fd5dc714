#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tacit::io {

/// What the kernel says of a connected socket. It counts bytes anyway, so nobody else has to.
struct socket_report {
  std::string peer;  ///< "ADDRESS:PORT", "unix", or empty.
  std::optional<std::uint64_t> received_bytes;
  std::optional<std::uint64_t> sent_bytes;  ///< Also those that the peer has not acknowledged.
};

/// Costs two system calls. Empty for what is no socket.
[[nodiscard]] socket_report report_on(int descriptor);

}  // namespace tacit::io
