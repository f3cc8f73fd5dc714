// Security headers, body limit, deadline.

#include <gtest/gtest.h>

#include <tacit/http/body_limit.hpp>
#include <tacit/http/deadline.hpp>
#include <tacit/http/security_headers.hpp>
#include <tacit/sync/sleep.hpp>

#include "http/asked_server.hpp"

namespace tacit::http {
namespace {

using support::asked_server;

TEST(security_headers, are_on_every_answer_and_leave_the_handlers_own) {
  asked_server server;
  server.routes.use(security_headers());
  server.routes.get("/framed", [](context& c) {
    c.set("x-frame-options", "SAMEORIGIN");
    c.text("x");
  });
  for (const auto* path : {"GET /plain", "GET /nowhere", "GET /throws"}) {
    const auto answer = server.ask(path);
    EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answer.field("X-Frame-Options"), "DENY") << path;
    EXPECT_NE(answer.field("Content-Security-Policy"), "-") << path;
    EXPECT_EQ(answer.field("Strict-Transport-Security"), "-") << path;
  }
  const auto framed = server.ask("GET /framed");
  EXPECT_EQ(framed.field("X-Frame-Options"), "-");
  EXPECT_EQ(framed.field("x-frame-options"), "SAMEORIGIN");
}

TEST(security_headers, that_are_empty_are_not_sent) {
  asked_server server;
  server.routes.use(
      security_headers({.frame_options = "", .strict_transport_security = "max-age=1"}));
  const auto answer = server.ask("GET /plain");
  EXPECT_EQ(answer.field("X-Frame-Options"), "-");
  EXPECT_EQ(answer.field("Strict-Transport-Security"), "max-age=1");
}

TEST(body_limit, refuses_what_is_larger_in_its_group_alone) {
  asked_server server;
  auto small = server.routes.group("/small");
  small.post("", [](context& c) { c.text(c.request.body); });
  small.use(body_limit(3));
  EXPECT_EQ(server.ask("POST /small", "Content-Length: 3\r\n\r\nabc").body, "abc");
  EXPECT_EQ(server.ask("POST /small", "Content-Length: 4\r\n\r\nabcd").status(), "413");
  EXPECT_EQ(
      server.ask("POST /small", "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n").status(),
      "413");
  EXPECT_EQ(server.ask("POST /echo", "Content-Length: 4\r\n\r\nabcd").body, "abcd");
}

sched::task<> sleep_for_ever(context& c) {
  const base::error_code why = co_await sync::sleep_for(std::chrono::hours(1));
  if (c.request.path == "/tells") c.text(why == base::errc::timed_out ? "timed out" : "other");
}

TEST(deadline, ends_the_waits_of_a_handler) {
  asked_server server;
  server.routes.get("/tells", sleep_for_ever);
  server.routes.get("/silent", sleep_for_ever);
  server.routes.use(deadline(std::chrono::milliseconds(5)));
  EXPECT_EQ(server.ask("GET /tells").body, "timed out");
  EXPECT_EQ(server.ask("GET /silent").status(), "503");
}

TEST(deadline, that_is_met_changes_nothing) {
  asked_server server;
  server.routes.use(deadline(std::chrono::hours(1)));
  EXPECT_EQ(server.ask("GET /sleeps").body, "slept");
  EXPECT_EQ(server.ask("GET /plain").body, "hello");
}

TEST(deadline, of_the_inner_group_counts_if_it_is_nearer) {
  asked_server server;
  server.routes.use(deadline(std::chrono::hours(1)));
  auto inner = server.routes.group("");
  inner.get("/tells", sleep_for_ever);
  inner.use(deadline(std::chrono::milliseconds(5)));
  EXPECT_EQ(server.ask("GET /tells").body, "timed out");
}

}  // namespace
}  // namespace tacit::http
