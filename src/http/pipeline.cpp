#include "http/pipeline.hpp"

#include <exception>
#include <string>

#include <tacit/observe/log.hpp>

namespace tacit::http {

const handler* route(const service& of, context& c) {
  const router::match match = of.router.find(c);
  switch (match.result) {
    case router::outcome::found:
      return match.with;
    case router::outcome::not_found:
      c.problem(404);
      break;
    case router::outcome::bad_request:
      c.problem(400, "the path is not properly percent-encoded");
      break;
    case router::outcome::method_not_allowed:
      c.problem(405);
      c.set("Allow", *match.allow);
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
