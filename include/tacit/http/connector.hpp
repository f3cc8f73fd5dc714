#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tacit/base/error.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

/// Whom a client speaks to (RFC 9110 section 4.3.2). Connections are shared within one origin.
struct origin {
  std::string scheme;  ///< In lower case.
  std::string host;    ///< In lower case; an IPv6 address without its brackets.
  std::uint16_t port = 0;

  friend bool operator==(const origin&, const origin&) = default;
};

/// How a client gets its connections: the place where another transport is put in, or a test's.
class connector {
 public:
  struct outcome {
    base::error_code error;
    std::unique_ptr<io::stream> stream;  ///< Null where there is an error.
  };

  virtual ~connector() = default;

  /// Called on a worker. Ends with the cause when its scope is cancelled. errc::unsupported for a
  /// scheme that it does not speak. `to` lives until the task has ended.
  virtual sched::task<outcome> connect(const origin& to) = 0;

 protected:
  connector() = default;
  connector(const connector&) = default;
  connector& operator=(const connector&) = default;
};

/// Connects by TCP, for the scheme "http", on the worker's reactor.
///
/// Names are resolved by getaddrinfo() on a thread for blocking work: that is not cut short when
/// the scope is cancelled. Up to eight addresses are tried, one after the other, in the order of
/// getaddrinfo(). Nothing is cached.
///
/// Errors: those of the system, of getaddrinfo() (asio's addrinfo category), or errc::overloaded if
/// there are too many look-ups.
class tcp_connector final : public connector {
 public:
  sched::task<outcome> connect(const origin& to) override;
};

}  // namespace tacit::http
