#pragma once

#include <tacit/io/stream.hpp>
#include <tacit/io/unique_fd.hpp>

namespace tacit::io {

/// A TCP connection with blocking calls, for a thread of its own. No operation suspends.
class blocking_stream final : public stream {
 public:
  /// Takes a connected, blocking socket. A write that makes no progress for `write_timeout` fails.
  blocking_stream(unique_fd fd, duration write_timeout);

  transfer try_write(std::span<const const_buffer> buffers) override;
  transfer try_send_file(int fd, std::uint64_t offset, std::uint64_t bytes) override;
  void stop_reading() noexcept override;
  void finish_writing() noexcept override;
  void abort() noexcept override;
  void cut() noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return fd_.get(); }

 private:
  bool start_read(std::span<char> into, duration timeout, completion& done) override;
  bool start_write(std::span<const const_buffer> buffers, duration timeout,
                   completion& done) override;

  unique_fd fd_;
  duration read_timeout_{};  // As set on the socket; setting it again costs a system call.
};

}  // namespace tacit::io
