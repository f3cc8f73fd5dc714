#include "io/blocking_stream.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include <tacit/observe/pause.hpp>

#include "io/gather.hpp"
#include "io/send_file.hpp"

namespace tacit::io {
namespace {

void set_timeout(int fd, int option, stream::duration timeout) {
  if (timeout == stream::no_timeout) timeout = {};  // What the system takes for never.
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
  const timeval value{us / 1'000'000, us % 1'000'000};
  setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
}

base::error_code last_error() {
  if (errno == EAGAIN) return base::errc::timed_out;
  return {errno, boost::system::system_category()};
}

}  // namespace

blocking_stream::blocking_stream(unique_fd fd, duration write_timeout) : fd_(std::move(fd)) {
  set_timeout(fd_.get(), SO_SNDTIMEO, write_timeout);
}

bool blocking_stream::start_read(std::span<char> into, duration timeout, completion& done) {
  if (timeout != read_timeout_) {
    set_timeout(fd_.get(), SO_RCVTIMEO, timeout);
    read_timeout_ = timeout;
  }
  ssize_t n;
  do {
    n = ::recv(fd_.get(), into.data(), into.size(), 0);
  } while (n < 0 && errno == EINTR);
  observe::note_wake_up();
  if (n > 0) {
    done.bytes = static_cast<std::size_t>(n);
  } else {
    done.error = n == 0 ? make_error_code(base::errc::end_of_stream) : last_error();
  }
  return true;
}

transfer blocking_stream::try_write(std::span<const const_buffer> buffers) {
  ssize_t n;
  do {
    n = send(fd_.get(), buffers, 0);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return {{}, static_cast<std::size_t>(n)};
  return {last_error(), 0};
}

transfer blocking_stream::try_send_file(int fd, std::uint64_t offset, std::uint64_t bytes) {
  ssize_t n;
  do {
    n = send_file(fd_.get(), fd, offset, bytes);
  } while (n < 0 && errno == EINTR);
  if (n > 0) return {{}, static_cast<std::size_t>(n)};
  if (n == 0) return {base::errc::end_of_stream, 0};
  if (cannot_be_sent_from()) return stream::try_send_file(fd, offset, bytes);
  return {last_error(), 0};
}

bool blocking_stream::start_write(std::span<const const_buffer> buffers, duration,
                                  completion& done) {
  const transfer written = try_write(buffers);
  done.error = written.error;
  done.bytes = written.bytes;
  return true;
}

void blocking_stream::stop_reading() noexcept {
  ::shutdown(fd_.get(), SHUT_RD);
}

void blocking_stream::finish_writing() noexcept {
  ::shutdown(fd_.get(), SHUT_WR);
}

// Without lingering, close() drops what is not sent and sends a reset.
void blocking_stream::cut() noexcept {
  const linger at_once{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(fd_.get(), SHUT_RD);
}

void blocking_stream::abort() noexcept {
  ::shutdown(fd_.get(), SHUT_RDWR);
}

}  // namespace tacit::io
