#include <tacit/io/stream.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tacit::io {

// What the peer does not take is read again next time.
transfer stream::try_send_file(int fd, std::uint64_t offset, std::uint64_t bytes) {
  std::array<char, 16 * 1024> block;
  ssize_t n;
  do {
    n = ::pread(fd, block.data(), std::min<std::uint64_t>(bytes, block.size()),
                static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  if (n == 0) return {base::errc::end_of_stream, 0};
  if (n < 0) return {{errno, boost::system::system_category()}, 0};
  const const_buffer piece(block.data(), static_cast<std::size_t>(n));
  return try_write({&piece, 1});
}

}  // namespace tacit::io
