#include "io/socket_report.hpp"

#include <arpa/inet.h>
// Not <netinet/tcp.h>, whose tcp_info ends before the bytes that were sent.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace tacit::io {
namespace {

std::string text_of(const sockaddr_storage& peer) {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (peer.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &peer, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, host.data(), host.size());
    return std::string(host.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (peer.ss_family != AF_INET6) return "unix";
  sockaddr_in6 v6;
  std::memcpy(&v6, &peer, sizeof v6);
  inet_ntop(AF_INET6, &v6.sin6_addr, host.data(), host.size());
  return "[" + std::string(host.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

}  // namespace

socket_report report_on(int descriptor) {
  socket_report made;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return made;
  made.peer = text_of(peer);
  tcp_info counted{};
  size = sizeof counted;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &counted, &size) != 0) return made;
  if (size < offsetof(tcp_info, tcpi_bytes_sent) + sizeof counted.tcpi_bytes_sent) return made;
  made.received_bytes = counted.tcpi_bytes_received;
  made.sent_bytes = counted.tcpi_bytes_sent - counted.tcpi_bytes_retrans;
  return made;
}

}  // namespace tacit::io
