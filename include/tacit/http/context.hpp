#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tacit/base/clock.hpp>
#include <tacit/http/exchange.hpp>
#include <tacit/http/json_fwd.hpp>
#include <tacit/http/request.hpp>
#include <tacit/http/response.hpp>
#include <tacit/io/stream.hpp>

namespace tacit::http {

struct handler;
struct middleware_chain;

/// How far a request has come on its way to its handler. For the pipeline.
struct passage {
  const middleware_chain* through = nullptr;
  const handler* target = nullptr;  ///< Null where nothing handles it.
  std::size_t entered = 0;          ///< Steps of the chain.
  base::steady_time started{};      ///< Set where somebody logs how long it took.
};

/// One request and its answer, as a handler sees them.
///
/// A plain handler is called once the whole body has come, and leaves the whole answer. A coroutine
/// handler starts when the head is complete: it asks for the body, and may write its answer piece
/// by piece. It runs in a cancel scope of its own, which ends its waits when the client leaves
/// (errc::client_gone) or limits.handler_timeout is over (errc::timed_out).
///
/// Views into the request, and memory from arena(), are valid until the answer is written.
/// Threads: belongs to the handler that runs; a coroutine handler may resume on another worker.
class context {
 public:
  /// `memory` holds everything of this request and outlives it, as does the exchange. Without one
  /// the request's body is what `request.body` holds, and nothing can be streamed.
  explicit context(std::pmr::memory_resource& memory, exchange* with = nullptr)
      : request(memory),
        response(memory),
        request_id(&memory),
        memory_(memory),
        exchange_(with),
        decoded_(&memory),
        params_(&memory) {}
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  http::request request;
  http::response response;

  /// What tells this request from all others in logs, here and in other services; empty unless the
  /// request_id middleware is used.
  std::pmr::string request_id;

  /// Whom the answer goes to; null in tests without a connection.
  io::stream* peer = nullptr;

  /// What a body that is held in memory may have, besides limits.body_bytes_max: body_limit().
  std::uint64_t body_bytes_max = UINT64_MAX;

  http::passage passage;

  /// The value that `{name}` of the route's pattern stands for, percent-decoded; empty if there is
  /// no such name.
  [[nodiscard]] std::string_view param(std::string_view name) const noexcept;

  /// The query value of that name as a number; nullopt if it is absent or no number.
  [[nodiscard]] std::optional<std::uint64_t> query_number(std::string_view name) const noexcept;

  /// Memory for this request: the connection's arena, or the heap in heap mode. What needs a
  /// destructor must have it run.
  [[nodiscard]] std::pmr::memory_resource& arena() const noexcept { return memory_; }

  context& status(int code) noexcept {
    response.status = code;
    return *this;
  }

  /// Adds a response field; name and value are copied. Both must be free of CR, LF and NUL: a field
  /// that is not is left out, and the answer becomes 500, since it would split the response.
  context& set(std::string_view name, std::string_view value);

  /// Answers with the pieces in a row as text/plain.
  template <class... Pieces>
  void text(const Pieces&... pieces) {
    start_body("text/plain; charset=utf-8",
               (std::size_t{0} + ... + std::string_view(pieces).size()));
    (response.body.append(std::string_view(pieces)), ...);
  }

  /// Answers with `bytes` as `content_type`.
  void body(std::string_view bytes, std::string_view content_type);

  /// Answers with `bytes` bytes of `source`, which must outlive the answer.
  void body(const body_source& source, std::uint64_t bytes, std::string_view content_type);

  /// The same, with a source that is kept until the answer is written.
  void body(std::shared_ptr<const body_source> source, std::uint64_t bytes,
            std::string_view content_type);

  /// Answers with the serialised value. A list in braces, as `c.json({{"key", 1}})`, becomes an
  /// http::json and takes nothing from the heap.
  void json(const http::json& value);
  template <class Json>
  requires std::is_same_v<Json, nlohmann::json>
  void json(const Json& value) { nlohmann_json(value); }

  /// Answers with a status and a line of text that says what it means.
  void problem(int code, std::string_view detail = {});

  /// For coroutine handlers: `auto [error, body] = co_await c.read_body();` is the whole body, also
  /// in request.body from then on. A peer that waits for `100 Continue` gets it here.
  ///
  /// Errors: errc::too_large above limits.body_bytes_max, timed_out, malformed, client_gone,
  /// overloaded where memory is short, or the cause for which the handler was cancelled. Except in
  /// the last case the connection answers what befits the error (413, 408, 400, 503) in place of
  /// the handler, unless that streams already.
  [[nodiscard]] sched::task<body_read> read_body();

  /// For coroutine handlers: the next piece of the body, as it comes, of any length. Empty at the
  /// end: then request.trailers is complete. There is no limit to the sum; reading no further is
  /// what makes the peer wait. What was not read when the handler ends is read and dropped if it is
  /// not long, else the connection is closed.
  ///
  /// Lifetime: the piece is valid until the next call.
  /// Errors:   as of read_body().
  [[nodiscard]] sched::task<body_read> read_some_body();

  /// For coroutine handlers: begins the answer, with the status and fields set so far, and a body
  /// that is written piece by piece. Without a length it is sent in chunks, or, to HTTP/1.0, until
  /// the connection closes. It ends when the handler returns. A handler that throws from here on,
  /// or that has not written what `length` promised, has the connection cut, so that the peer
  /// notices.
  ///
  /// What is written joins a buffer of some 16 KiB, which is sent when it is full, at flush(), and
  /// at the end. To HEAD nothing but the head is sent, whatever is written.
  ///
  /// Errors: those of the connection, or the cause for which the handler was cancelled. An answer
  /// in which a write failed is cut.
  [[nodiscard]] sched::task<base::error_code> start_stream(
      std::string_view content_type, std::optional<std::uint64_t> length = std::nullopt);

  /// Adds to the body of a streamed answer. Suspends while the peer does not take what is sent.
  /// `bytes` must stay valid until it returns. errc::wrong_use before start_stream(), and for more
  /// than the length that was given there.
  [[nodiscard]] sched::task<base::error_code> write(std::string_view bytes);

  /// Sends what was written so far.
  [[nodiscard]] sched::task<base::error_code> flush();

  /// Adds a field that is sent behind the body of an answer in chunks; elsewhere it is left out.
  /// Fields that say where a message ends, or for whom it is, cannot be trailers (RFC 9110
  /// section 6.5.1) and are left out, too.
  context& trailer(std::string_view name, std::string_view value);

  /// For answers that would hold up a drain because they have no end of their own: `scope` is
  /// cancelled with errc::draining when the server begins to drain, at once if it drains already.
  /// Null: no more. The scope is taken back before it is destroyed.
  void cancel_at_drain(sched::cancel_scope* scope) noexcept {
    if (exchange_) exchange_->cancel_at_drain(scope);
  }

  /// Whether the head of the answer has been made already: status and fields can no longer change.
  [[nodiscard]] bool has_started_answer() const noexcept {
    return exchange_ && exchange_->has_started_answer();
  }

 private:
  friend class router;
  void start_body(std::string_view content_type, std::size_t bytes);
  void nlohmann_json(const nlohmann::json& value);

  std::pmr::memory_resource& memory_;
  exchange* exchange_;
  std::pmr::string decoded_;  // The path, where something in it was encoded.
  std::pmr::vector<std::pair<std::string_view, std::string_view>> params_;
};

}  // namespace tacit::http
