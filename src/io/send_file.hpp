#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstdint>

namespace tacit::io {

/// One sendfile(2), of 1 GiB at most. It knows no MSG_NOSIGNAL, so SIGPIPE is blocked for the
/// calling thread from the first call on: a peer that has left shows as EPIPE.
ssize_t send_file(int to, int from, std::uint64_t offset, std::uint64_t bytes) noexcept;

/// After a failure: this kind of file does not do it, but may be read.
[[nodiscard]] inline bool cannot_be_sent_from() noexcept {
  return errno == EINVAL || errno == ENOSYS;
}

}  // namespace tacit::io
