#include "http/pipeline.hpp"

#include <exception>
#include <string>

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

}  // namespace

const handler* route(const service& of, context& c) {
  const router::match match = of.router.find(c);
  switch (match.result) {
    case router::outcome::found:
      return match.with;
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
  return nullptr;
}

void run_plain(const service& of, const handler& with, context& c) {
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
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
  }
  of.count.handler_errors.add();
  observe::log(observe::severity::error, "handler of " + std::string(c.request.method_name) + " " +
                                             std::string(c.request.path) + " threw: " + what);
  c.response.fields.clear();
  c.problem(500);
}

}  // namespace tacit::http
