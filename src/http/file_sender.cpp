#include "http/file_sender.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <tacit/observe/log.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

namespace tacit::http {
namespace {

// About 50 us where the kernel has to copy.
constexpr std::uint64_t turn_bytes_max = 256 * 1024;

void log_short_file() {
  observe::log(observe::severity::warning,
               "a file became shorter while it was sent; its connection is cut");
}

// What the peer takes now.
io::transfer try_turn(io::stream& to, const file_extent& of) {
  return to.try_send_file(of.fd, of.offset, std::min(of.bytes, turn_bytes_max));
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

sched::task<base::error_code> send_extent(const service& of, io::stream& to, file_extent from,
                                          progress_window& progress) {
  while (from.bytes > 0) {
    const auto since = sched::this_worker::coarse_now();
    io::transfer sent = try_turn(to, from);
    const bool waits = !sent.error && sent.bytes == 0;
    if (waits) {
      sent.error = co_await to.room(progress.patience());
      if (!sent.error) sent = try_turn(to, from);
    }
    if (waits || !to.suspends()) {
      progress.waited(sched::this_worker::coarse_now() - since, sent.bytes);
    }
    of.count.sent_bytes.add(sent.bytes);
    from.offset += sent.bytes;
    from.bytes -= sent.bytes;
    if (sent.error == base::errc::end_of_stream) log_short_file();
    if (!sent.error && progress.is_too_slow()) sent.error = base::errc::timed_out;
    if (sent.error == base::errc::timed_out) of.count.timeouts.add();
    if (sent.error) co_return sent.error;
    if (from.bytes > 0) co_await sched::yield();
  }
  co_return base::error_code();
}

}  // namespace tacit::http
