#pragma once

#include <string>
#include <vector>

#include <tacit/http/context.hpp>
#include <tacit/http/method.hpp>
#include <tacit/sched/task.hpp>

#include "http/conformance_cases.hpp"

namespace tacit::support {

// What the cases ask for.
void tell_what_was_asked(http::context& c);
void say_hello(http::context& c);
void tell_id(http::context& c);
void echo(http::context& c);
void throw_something(http::context& c);
sched::task<> gather(http::context& c);
sched::task<> take_pieces(http::context& c);
sched::task<> stream_two(http::context& c);
sched::task<> sleep_a_moment(http::context& c);

/// Adds their routes, with `add(method, pattern, callable)`.
template <class Add>
void add_conformance_routes(Add add) {
  using http::method;
  add(method::get, "/", tell_what_was_asked);
  add(method::get, "/asked/{rest...}", tell_what_was_asked);
  add(method::get, "/plain", say_hello);
  add(method::get, "/item/{id}", tell_id);
  add(method::post, "/echo", echo);
  add(method::get, "/throws", throw_something);
  add(method::post, "/gather", gather);
  add(method::post, "/pieces", take_pieces);
  add(method::get, "/stream", stream_two);
  add(method::get, "/sleeps", sleep_a_moment);
}

/// What to send for a case: if its connection is to go on, another request stands behind it.
[[nodiscard]] std::string to_send(const conformance_case& which);

/// What is wrong with `received` as the answer to to_send(which); empty if nothing is.
[[nodiscard]] std::string judge(const conformance_case& which, const std::string& received);

}  // namespace tacit::support
