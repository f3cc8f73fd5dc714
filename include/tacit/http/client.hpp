#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tacit/base/error.hpp>
#include <tacit/http/connector.hpp>
#include <tacit/http/method.hpp>
#include <tacit/http/request.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

class client_core;
class client_exchange;

/// When a request is sent again. Never after its deadline, after a cancellation, or once some of an
/// answer has come.
struct retry_options {
  /// Times that a request is sent at most. 1: never again.
  std::uint32_t tries_max = 3;

  /// The pause before the second try, doubled for each further one up to the longest. Each is then
  /// shortened by a random part of up to a half, so that many clients do not come back together.
  std::chrono::milliseconds pause_min{25};
  std::chrono::milliseconds pause_max{2'000};

  /// What share of the requests may be sent again, beyond a start of ten: when everything fails,
  /// clients must not make the load a multiple of itself.
  double share_max = 0.2;

  /// Whether answers 429 and 503 with a Retry-After are waited for and asked again, if that is no
  /// longer than retry_after_max.
  bool honours_retry_after = false;
  std::chrono::seconds retry_after_max{10};
};

struct client_options {
  /// Connections to one origin, in use or idle.
  std::uint32_t connections_per_origin_max = 64;

  /// Of those, how many are kept idle.
  std::uint32_t idle_per_origin_max = 16;

  /// Requests that wait for a connection to one origin while all are in use; one more is refused
  /// with errc::overloaded.
  std::uint32_t waiting_per_origin_max = 1'024;

  /// Origins that are known at a time; beyond that those without a request under way are forgotten.
  std::uint32_t origins_max = 256;

  /// How long a connection is kept idle. Shorter than the 60 s of most servers and proxies, so that
  /// they seldom close one just when it is used.
  std::chrono::milliseconds idle_timeout{30'000};

  /// For one try to connect, with the look-up of the name.
  std::chrono::milliseconds connect_timeout{5'000};

  /// From the call to the end of the answer's body, with everything that is waited for and tried
  /// again on the way. 0: no limit but that of the caller's scope.
  std::chrono::milliseconds timeout{30'000};

  /// The head of an answer, or the trailers of one.
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t fields_max = 200;

  /// A body that is held in memory. One that is read piece by piece has no limit.
  std::uint64_t body_bytes_max = 8 * 1024 * 1024;

  /// Sent as User-Agent, unless it is empty or the request has one.
  std::string user_agent = {};

  retry_options retries = {};
};

/// A request as a client sends it. What it refers to stays valid until the call has ended.
struct client_request {
  http::method method = http::method::get;  ///< Not connect, not other.

  /// "http://host[:port]/path?query", encoded as it is to be sent; a fragment is left out.
  std::string_view url;

  /// Sent in place of the url's path and query: "*" for OPTIONS.
  std::string_view target = {};

  /// Further fields. Host may be among them; Content-Length, Transfer-Encoding, Connection and
  /// Expect may not.
  std::span<const field> fields = {};

  std::string_view body = {};

  /// In place of client_options::timeout, unless it is zero.
  std::chrono::milliseconds timeout{0};

  /// Whether it may be sent twice without harm. Unless set, that is said by the method (RFC 9110
  /// section 9.2.2): GET, HEAD, OPTIONS, TRACE, PUT and DELETE.
  std::optional<bool> is_idempotent = std::nullopt;

  /// Where the answer lies; null: on the heap. Outlives it.
  std::pmr::memory_resource* memory = nullptr;
};

/// The answer to a request.
///
/// Threads:  one at a time.
/// Lifetime: outlived by its client. If it is destroyed before its body was read to the end, the
///           connection is closed.
class client_response {
 public:
  client_response();
  explicit client_response(std::pmr::memory_resource& memory);
  client_response(client_response&&) noexcept;
  client_response& operator=(client_response&&) = delete;
  ~client_response();

  int status = 0;
  int version = 11;         ///< 10 or 11.
  std::string_view reason;  ///< As sent; may be empty. A view into this object, as the fields.
  std::pmr::vector<field> fields;  ///< In the order in which they came.
  std::pmr::string body;           ///< Of client::send(): all of it.
  std::uint32_t tries = 0;         ///< How often the request was sent.
  bool on_reused = false;          ///< Whether the connection had carried a request before.

  /// What came behind a body in chunks, once that was read.
  std::vector<std::pair<std::string, std::string>> trailers;

  /// The first field of that name, or nullopt.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

  /// After client::start(): some of the body, as it comes. No bytes and no error at its end.
  ///
  /// Errors: errc::incomplete if it was cut short, errc::malformed, errc::timed_out, the cause of
  /// the scope, or those of the system; the connection is closed then.
  [[nodiscard]] sched::task<io::transfer> read_some_body(std::span<char> into);

 private:
  friend class client_core;
  void clear() noexcept;

  std::pmr::vector<char> head_;
  std::unique_ptr<client_exchange> rest_;  // While there is more to read.
};

struct client_result {
  base::error_code error;
  client_response response;
};

/// Counters of a client since it was made, and what it has now. Each is exact on its own; together
/// they are no snapshot.
struct client_stats {
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;            ///< Requests that ended without an answer.
  std::uint64_t retries = 0;             ///< Times that a request was sent again.
  std::uint64_t retries_suppressed = 0;  ///< Times that it was not, since too many were.
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_reused = 0;
  std::uint64_t connections_stale = 0;  ///< Idle ones that the peer had closed.
  std::uint64_t refused = 0;            ///< Requests for which too many waited already.
  std::uint32_t open = 0;               ///< Connections now.
  std::uint32_t idle = 0;               ///< Of those, not in use.
  std::uint32_t waiting = 0;            ///< Requests that wait for a connection now.
};

/// Sends HTTP/1.1 requests over connections that it keeps.
///
///     tacit::http::client web;
///     auto [error, answer] = co_await web.get("http://127.0.0.1:8080/items/7");
///     if (!error && answer.status == 200) use(answer.body);
///
/// An idle connection is used again, the last used first; when all are in use requests wait in the
/// order of their arrival. It is kept if the answer has come to its end and nothing behind it, and
/// both sides want to go on. Redirects are not followed, and nothing is decoded.
///
/// A request is sent again if it is certain that the peer has not acted on it (no connection was
/// to be had, nothing was sent), or if it is idempotent and the connection broke before any of the
/// answer came: at once if the connection had been idle before, since then the peer has most likely
/// just closed it, else after a pause. See retry_options.
///
/// A request is sent whole before its answer is read; an answer that comes earlier is noticed when
/// the peer stops reading or the request is sent.
///
/// Errors:   the system's; errc::timed_out; the cause of the caller's scope; errc::malformed for
///           what came or was to be sent, errc::too_large, errc::incomplete for an answer that is
///           cut short, errc::end_of_stream if the peer closed before it answered,
///           errc::overloaded, errc::unsupported, errc::wrong_use off a worker.
/// Threads:  any worker of a scheduler made with io::with_reactors(); not in thread mode.
/// Cancel:   by the caller's scope: what it waits for ends, and the connection in use is closed.
/// Lifetime: outlives its requests and responses. May outlive the scheduler, which closes the idle
///           connections when it stops.
class client {
 public:
  explicit client(client_options options = {}, std::unique_ptr<connector> by = nullptr);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Sends `request` and gives the answer with its whole body.
  [[nodiscard]] sched::task<client_result> send(client_request request);

  /// As send(), and the body is read with client_response::read_some_body().
  [[nodiscard]] sched::task<client_result> start(client_request request);

  [[nodiscard]] sched::task<client_result> get(std::string_view url);

  [[nodiscard]] client_stats stats() const noexcept;

 private:
  std::unique_ptr<client_core> core_;
};

}  // namespace tacit::http
