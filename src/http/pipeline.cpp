#include "http/pipeline.hpp"

#include <exception>
#include <string>

#include <tacit/http/middleware.hpp>
#include <tacit/observe/log.hpp>

namespace tacit::http {
namespace {

// OPTIONS of what has routes, but none for OPTIONS, is answered here (RFC 9110 section 9.3.7).
void answer_allow(method_set allow, context& c) {
  if (c.request.method == method::options) {
    c.status(204);
  } else {
    c.problem(405);
  }
  std::pmr::string names(&c.arena());
  allow.append_names(names);
  c.set("Allow", names);
}

void answer_unmatched(const router::match& match, context& c) {
  // RFC 9110 section 15.6.2, as opposed to a method that this resource does not have.
  if (c.request.method == method::other) {
    c.problem(501, "this server does not know the method");
    return;
  }
  switch (match.result) {
    case router::outcome::found:
      break;
    case router::outcome::not_found:
      c.problem(404);
      break;
    case router::outcome::bad_request:
      c.problem(400, match.why);
      break;
    case router::outcome::method_not_allowed:
      answer_allow(match.allow, c);
      break;
  }
}

// What goes through the rest of the chain where something in it waits, or goes around the handler.
sched::task<> go_on_waiting(context& c) {
  http::passage& at = c.passage;
  const auto& steps = at.through->steps;
  while (at.entered < steps.size()) {
    const middleware& step = *steps[at.entered++];
    bool goes_on = true;
    if (step.before) goes_on = step.before(c);
    if (step.before_waiting) goes_on = co_await step.before_waiting(c);
    if (!goes_on) co_return;
  }
  if (!at.target) co_return;
  if (at.target->plain) {
    const body_read got = co_await c.read_body();
    // The connection answers what was wrong with it.
    if (!got.error) at.target->plain(c);
    co_return;
  }
  sched::task<> inside = at.target->coroutine(c);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if ((*step)->around) inside = (*step)->around(c, std::move(inside));
  }
  co_await std::move(inside);
}

const handler& waiting_chain() {
  static const handler made{{}, go_on_waiting};
  return made;
}

// The handler, or what stands for it and the rest of the chain; nullptr once it is answered.
const handler* enter(context& c) {
  http::passage& at = c.passage;
  const auto& steps = at.through->steps;
  if (at.through->wraps && at.target && at.target->coroutine) return &waiting_chain();
  while (at.entered < steps.size()) {
    const middleware& step = *steps[at.entered];
    if (step.before_waiting) return &waiting_chain();
    ++at.entered;
    if (step.before && !step.before(c)) return nullptr;
  }
  return at.target;
}

}  // namespace

const handler* route(const service& of, context& c) {
  const router::match match = of.router.find(c);
  c.passage.through = match.around;
  if (!match.with) answer_unmatched(match, c);
  if (match.around->steps.empty()) return match.with;
  c.passage.target = match.with;
  try {
    return enter(c);
  } catch (...) {
    recover(of, c);
  }
  return nullptr;
}

void run_plain(const service& of, const handler& with, context& c) {
  if (c.request.body.size() > c.body_bytes_max) {
    c.problem(413, "the body is larger than this part of the server takes");
    return;
  }
  try {
    with.plain(c);
  } catch (...) {
    recover(of, c);
  }
}

void recover(const service& of, context& c) {
  std::string what = "an exception of unknown type";
  try {
    throw;
  } catch (const memory::out_of_budget&) {
    of.count.shed_for_memory.add();
    if (c.has_started_answer()) return;
    c.response.fields.clear();
    c.problem(503, "the server is short of memory");
    c.set("Retry-After", "1");
    return;
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
  }
  of.count.handler_errors.add();
  std::string line = "handler of " + std::string(c.request.method_name) + " " +
                     std::string(c.request.path) + " threw: " + what;
  if (!c.request_id.empty()) line += " (request " + std::string(c.request_id) + ")";
  observe::log(observe::severity::error, line);
  if (c.has_started_answer()) return;
  c.response.fields.clear();
  c.problem(500);
}

void conclude(const service& of, context& c) {
  const http::passage& at = c.passage;
  for (std::size_t i = at.entered; i-- > 0;) {
    const middleware& step = *at.through->steps[i];
    if (!step.after) continue;
    try {
      step.after(c);
    } catch (...) {
      recover(of, c);
    }
  }
}

void tell_answered(const service& of, const context& c, std::uint64_t body_bytes) {
  // What the parser refused has come to no route.
  const auto& steps = (c.passage.through ? *c.passage.through : of.router.around_all()).steps;
  for (const middleware* step : steps) {
    if (step->answered) step->answered(c, body_bytes);
  }
}

}  // namespace tacit::http
