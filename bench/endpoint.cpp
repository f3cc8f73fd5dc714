#include "bench/endpoint.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <charconv>
#include <cstring>
#include <memory>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw base::failure{fmt::format("{}: {} (expected http://HOST[:PORT][/PATH])", text, why), true};
}

}  // namespace

url parse_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) refuse(text, "not an http:// URL");
  const auto rest = text.substr(scheme.size());
  for (const char c : rest) {
    if (c <= ' ' || c == 0x7f) refuse(text, "the URL contains a space or a control character");
  }
  const auto path = rest.find_first_of("/?#");
  const auto authority = rest.substr(0, path);
  if (authority.find('@') != std::string_view::npos) refuse(text, "user names are not supported");

  url out;
  out.authority = authority;
  const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) refuse(text, "the address lacks its closing bracket");
  const auto colon = authority.find(':', bracket);
  out.host = authority.substr(0, colon);
  if (bracket != 0) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) refuse(text, "there is no host");
  if (colon != std::string_view::npos) {
    const auto port = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc{} || end != port.data() + port.size() || out.port == 0) {
      refuse(text, "the port is not a number from 1 to 65535");
    }
  }
  auto target = path == std::string_view::npos ? std::string_view{} : rest.substr(path);
  target = target.substr(0, target.find('#'));  // a fragment is never sent
  out.target = target.starts_with('/') ? std::string{target} : "/" + std::string{target};
  return out;
}

endpoint resolve(const url& where) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(where.port);
  const int error = ::getaddrinfo(where.host.c_str(), port.c_str(), &wanted, &found);
  if (error != 0) {
    throw base::failure{fmt::format("{}: cannot resolve: {}", where.host, ::gai_strerror(error))};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{found, ::freeaddrinfo};
  endpoint out;
  out.name = fmt::format("{}:{}", where.host, where.port);
  std::memcpy(&out.address, found->ai_addr, found->ai_addrlen);
  out.address_bytes = found->ai_addrlen;
  return out;
}

bool endpoint::is_loopback() const noexcept {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  return address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
}

}  // namespace tacit::bench
