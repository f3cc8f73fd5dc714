#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tacit::http {

/// Every bound on what a peer may send, hold or delay. Defaults are for a server that anybody can
/// reach.
struct limits {
  /// Request line and fields together; more is answered 431. Apache's and nginx's ordinary limit.
  std::size_t head_bytes_max = 8 * 1024;

  /// The request target; more is answered 414. Browsers and caches give up earlier.
  std::size_t target_bytes_max = 4 * 1024;

  /// Header fields of one request; more is answered 431. Each costs memory and a look-up.
  std::size_t fields_max = 100;

  /// A request body that is held in memory; more is answered 413.
  std::uint64_t body_bytes_max = 1024 * 1024;

  /// From the first byte of a request to the end of its head; later is answered 408. Long enough
  /// for a bad mobile link, short enough to make holding connections open by trickling costly.
  std::chrono::milliseconds head_timeout{10'000};

  /// Longest silence while a request body comes in; later is answered 408.
  std::chrono::milliseconds body_timeout{10'000};

  /// Between two requests. Longer than the 60 s that most proxies keep their side.
  std::chrono::milliseconds idle_timeout{75'000};

  /// Longest time for which a peer may take nothing of an answer; then the connection is cut.
  std::chrono::milliseconds write_timeout{30'000};

  /// Open connections; further ones are answered 503 at once, and counted.
  std::uint32_t connections_max = 20'000;

  /// Open connections from one IPv4 address, or from one /64 of IPv6 addresses; further ones are
  /// answered 503 at once, and counted. 0: no bound, since behind a proxy all come from one
  /// address.
  std::uint32_t connections_per_peer_max = 0;

  /// Threads of thread-per-connection mode, hence its connections; further ones are refused.
  std::uint32_t threads_max = 4'000;

  friend bool operator==(const limits&, const limits&) = default;
};

}  // namespace tacit::http
