#pragma once

#include <deque>

#include <tacit/base/atomic.hpp>
#include <tacit/http/limits.hpp>
#include <tacit/http/router.hpp>
#include <tacit/memory/memory_budget.hpp>
#include <tacit/memory/mode.hpp>
#include <tacit/observe/metrics.hpp>

namespace tacit::http {

/// What the connections of a server count.
struct counters {
  explicit counters(observe::metrics& in);

  observe::counter answers_by_class[5];  ///< 1xx to 5xx.
  observe::counter received_bytes;
  observe::counter sent_bytes;
  observe::counter refused_requests;  ///< Answered 4xx or 5xx before they reached a handler.
  observe::counter handler_errors;    ///< Handlers that threw.
  observe::counter timeouts;          ///< Connections closed since the peer made no progress.
  observe::counter handler_timeouts;  ///< Handlers cancelled since their time was over.
  observe::counter clients_gone;      ///< Handlers cancelled since their client had left.
  observe::counter cut_answers;       ///< Streamed answers that did not come to a proper end.
  observe::counter shed_for_memory;   ///< Requests and connections refused for lack of memory.

  [[nodiscard]] std::uint64_t answers() const noexcept;
};

/// Everything that the connections of a server share.
///
/// Threads: set up first, then read by all connections; replace_limits() from one thread at a time.
/// Lifetime: outlives them.
struct service {
  explicit service(observe::metrics& in) : count(in) {}

  http::limits limits;  ///< Those to start with.
  http::router router;
  memory::mode memory = memory::mode::arena;
  counters count;
  mutable memory::memory_budget budget;  ///< Without a bound unless somebody sets one.
  mutable memory::budgeted_heap heap{&budget};

  /// The limits in force. They stay what they are for as long as the service lives, also when
  /// others have come into force: a connection takes them once per request.
  [[nodiscard]] const http::limits& current_limits() const noexcept {
    return *current_.load(base::memory_order_acquire);
  }

  /// Puts `next` into force as a whole. Earlier ones are kept, some 100 bytes each, since nobody
  /// tells when the last connection has done with them; equal ones are put back into force.
  void replace_limits(const http::limits& next);

 private:
  std::deque<http::limits> replacements_;  // Its elements do not move.
  base::atomic<const http::limits*> current_{&limits};
};

}  // namespace tacit::http
