#include "http/file_sender.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <tacit/observe/log.hpp>
#include <tacit/sched/yield.hpp>

namespace tacit::http {
namespace {

// About 50 us where the kernel has to copy.
constexpr std::uint64_t turn_bytes_max = 256 * 1024;

void log_short_file() {
  observe::log(observe::severity::warning,
               "a file became shorter while it was sent; its connection is cut");
}

}  // namespace

bool append_extent(output& to, const file_extent& from) {
  std::array<char, 4096> block;
  for (std::uint64_t done = 0; done < from.bytes;) {
    const ssize_t n =
        ::pread(from.fd, block.data(), std::min<std::uint64_t>(from.bytes - done, block.size()),
                static_cast<off_t>(from.offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      log_short_file();
      return false;
    }
    to.append({block.data(), static_cast<std::size_t>(n)});
    done += static_cast<std::uint64_t>(n);
  }
  return true;
}

sched::task<base::error_code> send_extent(const service& of, io::stream& to, file_extent from) {
  while (from.bytes > 0) {
    const io::transfer sent =
        to.try_send_file(from.fd, from.offset, std::min(from.bytes, turn_bytes_max));
    base::error_code error = sent.error;
    of.count.sent_bytes.add(sent.bytes);
    from.offset += sent.bytes;
    from.bytes -= sent.bytes;
    if (error == base::errc::end_of_stream) log_short_file();
    if (!error && sent.bytes == 0) error = co_await to.room(of.limits.write_timeout);
    if (error == base::errc::timed_out) of.count.timeouts.add();
    if (error) co_return error;
    if (from.bytes > 0 && sent.bytes > 0) co_await sched::yield();
  }
  co_return base::error_code();
}

}  // namespace tacit::http
