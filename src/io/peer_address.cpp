#include "io/peer_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace tacit::io {

std::string_view peer_address(const stream& of, address_text& room) noexcept {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  if (of.descriptor() < 0) return {};
  if (::getpeername(of.descriptor(), reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return {};
  const void* from = nullptr;
  int family = address.ss_family;
  if (family == AF_INET) {
    from = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  } else if (family == AF_INET6) {
    const auto& ip6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&ip6);
    from = is_mapped ? static_cast<const void*>(ip6.s6_addr + 12) : &ip6;
    if (is_mapped) family = AF_INET;
  }
  if (!from || !::inet_ntop(family, from, room.data(), room.size())) return {};
  return room.data();
}

}  // namespace tacit::io
