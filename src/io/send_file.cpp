#include "io/send_file.hpp"

#include <signal.h>
#include <sys/sendfile.h>

#include <algorithm>

namespace tacit::io {
namespace {

constinit thread_local bool is_pipe_signal_blocked = false;

void block_pipe_signal() noexcept {
  if (is_pipe_signal_blocked) return;
  sigset_t pipe_only;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  is_pipe_signal_blocked = pthread_sigmask(SIG_BLOCK, &pipe_only, nullptr) == 0;
}

}  // namespace

ssize_t send_file(int to, int from, std::uint64_t offset, std::uint64_t bytes) noexcept {
  constexpr std::uint64_t bytes_max = std::uint64_t{1} << 30;
  block_pipe_signal();
  auto at = static_cast<off_t>(offset);
  return ::sendfile(to, from, &at, std::min(bytes, bytes_max));
}

}  // namespace tacit::io
