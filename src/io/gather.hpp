#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <span>

#include <tacit/io/stream.hpp>

namespace tacit::io {

/// Pieces that one gathering write takes at most; a caller with more goes on after it.
inline constexpr std::size_t gather_max = 64;

/// Buffers as sendmsg wants them. What is beyond gather_max is left out.
class gather {
 public:
  explicit gather(std::span<const const_buffer> buffers) noexcept {
    const std::size_t count = std::min(buffers.size(), gather_max);
    for (std::size_t i = 0; i < count; ++i) {
      // sendmsg does not write through iov_base; its type has no const form.
      pieces_[i] = {const_cast<void*>(buffers[i].data()), buffers[i].size()};
    }
    header_.msg_iov = pieces_.data();
    header_.msg_iovlen = count;
  }
  gather(const gather&) = delete;
  gather& operator=(const gather&) = delete;

  [[nodiscard]] const msghdr& header() const noexcept { return header_; }

 private:
  std::array<iovec, gather_max> pieces_;
  msghdr header_{};
};

/// One send, without SIGPIPE. A single buffer goes the shorter way through the kernel.
inline ssize_t send(int fd, std::span<const const_buffer> buffers, int flags) noexcept {
  if (buffers.size() == 1) {
    return ::send(fd, buffers.front().data(), buffers.front().size(), flags | MSG_NOSIGNAL);
  }
  const gather message(buffers);
  return ::sendmsg(fd, &message.header(), flags | MSG_NOSIGNAL);
}

}  // namespace tacit::io
