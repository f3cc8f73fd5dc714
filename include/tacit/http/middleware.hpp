#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include <tacit/http/context.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

/// Where a middleware has its place, from the outside to the handler. There is one order, whatever
/// the order of use(); docs/http.md has the reason for each place.
enum class stage : std::uint8_t {
  request_id,
  access_log,
  security_headers,
  cors,
  compression,
  deadline,
  authentication,
  body_limit,
  program,  ///< What the program makes itself: in the order of use().
};

/// Something that goes around handlers. Each function is optional.
///
/// Functions are called for many requests at the same time, so what they capture is constant or
/// knows threads. What they throw becomes a 500, as from a handler.
struct middleware {
  stage at = stage::program;

  /// On the way in, when the head of the request has come. False: it has answered, and neither the
  /// handler nor what is further inside is called. Must not wait.
  std::function<bool(context&)> before;

  /// The same for what has to wait. It makes every handler behind it a coroutine, which costs a
  /// frame; none where `before` would do.
  std::function<sched::task<bool>(context&)> before_waiting;

  /// Runs a coroutine handler, with what is further inside around it. Plain handlers do not wait,
  /// so there is nothing to go around.
  std::function<sched::task<>(context&, sched::task<> inside)> around;

  /// On the way out, in reverse order, before the head of the answer is sent: status, fields and,
  /// unless it is streamed, the body are complete and can be changed. Called if `before` was.
  std::function<void(context&)> after;

  /// Once the answer has been handed to the connection, with the bytes of its body.
  std::function<void(const context&, std::uint64_t body_bytes)> answered;
};

/// A middleware of the program, from a callable that takes context& and returns bool, task<bool>,
/// or nothing (and then never answers): what it does before the handler.
template <class Callable>
middleware make_middleware(Callable callable) {
  using result = std::invoke_result_t<Callable&, context&>;
  middleware made;
  if constexpr (std::is_same_v<result, sched::task<bool>>) {
    made.before_waiting = std::move(callable);
  } else if constexpr (std::is_void_v<result>) {
    made.before = [call = std::move(callable)](context& c) {
      call(c);
      return true;
    };
  } else {
    made.before = std::move(callable);
  }
  return made;
}

/// What goes around the handlers of one group of routes, from the outside to the handler.
///
/// Made when the program starts; a request loops over it. Threads: then read by all.
struct middleware_chain {
  std::vector<const middleware*> steps;
  bool wraps = false;  ///< Whether some step has an `around`.
};

}  // namespace tacit::http
