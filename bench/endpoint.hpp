#pragma once

#include <sys/socket.h>
#include <cstdint>
#include <string>
#include <string_view>

namespace tacit::bench {

/// The parts of an `http://` URL that a request needs.
struct url {
  std::string host;  ///< Without the brackets of an IPv6 address.
  std::uint16_t port = 80;
  std::string authority;  ///< As written; what the Host field carries.
  std::string target;     ///< Path and query, "/" where the URL has none.
};

/// Splits a URL. Throws base::failure (usage) that says what is wrong with it.
[[nodiscard]] url parse_url(std::string_view text);

/// Where a server listens, resolved once before any clock starts.
struct endpoint {
  std::string name;  ///< "host:port", for messages.
  sockaddr_storage address{};
  socklen_t address_bytes = 0;

  [[nodiscard]] bool is_loopback() const noexcept;
};

/// Resolves the host of `where`; the first address wins. Throws base::failure if there is none.
[[nodiscard]] endpoint resolve(const url& where);

}  // namespace tacit::bench
