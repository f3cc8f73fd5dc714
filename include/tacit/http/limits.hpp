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

  /// A request body that is held in memory; more is answered 413. A handler that takes the body
  /// piece by piece decides for itself.
  std::uint64_t body_bytes_max = 1024 * 1024;

  /// Chunk extensions of one body; more is answered 400. Nobody uses them, but they make a body
  /// cost many times what it brings.
  std::size_t chunk_extension_bytes_max = 4 * 1024;

  /// What is read and dropped of a body that a handler left unread, so that the connection can go
  /// on. With more to come it is closed: reading costs more than the peer's new connection.
  std::uint64_t unread_body_bytes_max = 256 * 1024;

  /// From the first byte of a request to the end of its head; later is answered 408. Long enough
  /// for a bad mobile link, short enough to make holding connections open by trickling costly.
  std::chrono::milliseconds head_timeout{10'000};

  /// While a request body is waited for, each stretch of this length must bring
  /// body_bytes_per_s_min; else it is answered 408. Time in which nobody reads does not count.
  std::chrono::milliseconds body_timeout{10'000};

  /// See body_timeout. 0: any progress will do. Slower than any link that people still use.
  std::uint32_t body_bytes_per_s_min = 240;

  /// Between two requests. Longer than the 60 s that most proxies keep their side.
  std::chrono::milliseconds idle_timeout{75'000};

  /// While an answer waits for its peer to take it, each stretch of this length must take
  /// write_bytes_per_s_min of it; else the connection is cut. What the kernel has buffered counts
  /// as taken.
  std::chrono::milliseconds write_timeout{30'000};

  /// See write_timeout. 0: any progress will do.
  std::uint32_t write_bytes_per_s_min = 240;

  /// From the head of a request until its coroutine handler must have ended: then its waits end
  /// with errc::timed_out, and it is answered 503 if the handler has left no answer. 0: no limit.
  std::chrono::milliseconds handler_timeout{0};

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
