#pragma once

#include <chrono>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include <tacit/base/clock.hpp>
#include <tacit/base/error.hpp>
#include <tacit/http/context.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/task.hpp>
#include <tacit/sync/mutex.hpp>

namespace tacit::http {

/// One event of a stream of server-sent events (WHATWG HTML, section 9.2). UTF-8, as the whole
/// stream is.
struct server_event {
  /// Sent as one `data` field per line; CR, LF and CRLF end a line, and arrive as LF.
  std::string_view data;

  /// The event's type; empty for "message". Without CR and LF.
  std::string_view name = {};

  /// What the client names as Last-Event-ID when it comes back; empty to take the last one back.
  /// Without CR, LF and NUL, since a client ignores an id with NUL.
  std::optional<std::string_view> id = {};

  /// How long the client is to wait before it comes back. Not negative.
  std::optional<std::chrono::milliseconds> retry = {};
};

/// The id of the last event that the client has seen before its connection broke; empty for a
/// client that is new.
[[nodiscard]] std::string_view last_event_id(const context& c) noexcept;

struct event_stream_options {
  /// After so long without an event a comment is sent, so that proxies do not take the connection
  /// for dead, and so that a client that has gone without a word is noticed. Zero: never. The
  /// specification recommends 15 s.
  std::chrono::milliseconds keep_alive{15'000};
};

/// An answer that is a stream of events.
///
///     sched::task<> ticks(http::event_stream& events) {
///       for (;;) {
///         if (const auto over = co_await sync::sleep_for(1s)) co_return;
///         if (const auto over = co_await events.send({.data = "tick"})) co_return;
///       }
///     }
///     sched::task<> handler(http::context& c) {
///       http::event_stream events(c);
///       static_cast<void>(co_await events.run(ticks(events)));
///     }
///
/// Every event is sent at once, also through the compression middleware. A stream ends when its
/// source does, when its client leaves, and when the server drains: then the waits of the source
/// end with errc::draining, what is being sent is sent, and the answer comes to a proper end. A
/// browser connects again by itself, after the `retry` time.
///
/// In thread mode nothing can be done while the source waits: there are no keep-alives, and a drain
/// is noticed by the first send after it.
///
/// Cost:      nothing is allocated per event, once the largest one was sent.
/// Threads:   send() and its like may be called by several coroutines of the source at a time.
/// Lifetime:  outlives run(), and is outlived by the context.
class event_stream {
 public:
  explicit event_stream(context& c, event_stream_options options = {}) noexcept;
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  /// Begins the answer and awaits `source`, which sends the events. To HEAD it sends the head only,
  /// and the source does not start. Once per stream.
  ///
  /// Gives no error if the source ended by itself, else why it had to: errc::client_gone,
  /// errc::draining, another cause, or the error of the connection. What the source throws is
  /// rethrown, and cuts the answer.
  [[nodiscard]] sched::task<base::error_code> run(sched::task<> source);

  /// Sends an event. Suspends while the client does not take what is sent.
  ///
  /// Errors: errc::malformed for an event that cannot be sent, after which others can;
  /// errc::wrong_use outside of run(); else as of run(), and the source should end.
  [[nodiscard]] sched::task<base::error_code> send(server_event event);

  /// Says how long the client is to wait before it comes back; no event arrives.
  [[nodiscard]] sched::task<base::error_code> retry(std::chrono::milliseconds after);

  /// Sends a line that clients ignore. Without CR and LF.
  [[nodiscard]] sched::task<base::error_code> comment(std::string_view text);

 private:
  struct course;

  sched::task<> beside_keep_alive(sched::task<> source);
  sched::task<> keep_alive();
  sched::task<bool> break_silence(base::steady_time& next);
  sched::task<base::error_code> write_now(std::string_view text);
  sched::task<base::error_code> transmit(std::string_view text);
  [[nodiscard]] base::error_code why_not() const noexcept;
  void append_line(std::string_view name, std::string_view value);
  void append_line(std::string_view name, std::int64_t value);

  context& context_;
  const event_stream_options options_;
  course* course_ = nullptr;     // While run() is under way.
  sync::mutex turn_;             // Held by who writes.
  std::pmr::string text_;        // Guarded by turn_, as is the rest. Keeps its memory.
  base::steady_time last_sent_;  // Written by who holds turn_.
  base::error_code failed_;
};

}  // namespace tacit::http
