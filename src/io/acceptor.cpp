#include "io/acceptor.hpp"

#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tacit::io {
namespace {

// Of those who wait; enough for the backlog of a busy moment, and short of a stall.
constexpr int shed_in_a_row_max = 64;

bool lacks_descriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

unique_fd open_spare() {
  return unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

// IPv4 addresses stand in 0:1::/32, where no host is.
std::uint64_t network_of_v4(std::uint32_t address) {
  return (std::uint64_t{1} << 32) | address;
}

std::optional<std::uint64_t> network_of(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &peer, sizeof v4);
    return network_of_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (peer.ss_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6;
  std::memcpy(&v6, &peer, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::uint32_t address = 0;
    std::memcpy(&address, v6.sin6_addr.s6_addr + 12, sizeof address);
    return network_of_v4(ntohl(address));
  }
  std::uint64_t upper = 0;
  std::memcpy(&upper, v6.sin6_addr.s6_addr, sizeof upper);
  return be64toh(upper);
}

}  // namespace

acceptor::acceptor(int listening, int flags)
    : listening_(listening), flags_(flags), spare_(open_spare()) {}

unique_fd acceptor::accept_one(accepted* into) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  unique_fd fd(::accept4(listening_, reinterpret_cast<sockaddr*>(&peer), &size, flags_));
  if (fd && into) into->network = network_of(peer);
  return fd;
}

acceptor::outcome acceptor::take(accepted& into) {
  into.fd = accept_one(&into);
  if (into.fd) {
    pause_ = std::chrono::milliseconds(0);
    return outcome::taken;
  }
  return lacks_descriptors(errno) ? outcome::exhausted : outcome::none;
}

std::chrono::milliseconds acceptor::get_over(const std::function<void(unique_fd)>& refuse) {
  const bool again = pause_.count() != 0;
  pause_ = std::clamp(pause_ * 2, pause_min, pause_max);
  if (!again) return pause_;
  for (int i = 0; i < shed_in_a_row_max; ++i) {
    spare_ = unique_fd();
    unique_fd fd = accept_one(nullptr);
    const bool none_left = !fd;
    if (fd) refuse(std::move(fd));
    spare_ = open_spare();
    if (none_left) break;
  }
  return pause_;
}

}  // namespace tacit::io
