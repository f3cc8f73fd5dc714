#include <tacit/http/middleware.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include <tacit/http/route_group.hpp>
#include <tacit/sync/sleep.hpp>

#include "http/served.hpp"

namespace tacit::http {
namespace {

// Notes in the field X-Way that it was passed, on the way in and on the way out.
middleware noting(stage at, const std::string& name) {
  middleware made;
  made.at = at;
  made.before = [name](context& c) {
    c.set("X-Way", name);
    return true;
  };
  made.after = [name](context& c) { c.set("X-Way", "/" + name); };
  return made;
}

sched::task<bool> wait_and_note(context& c) {
  static_cast<void>(co_await sync::sleep_for(std::chrono::microseconds(10)));
  c.set("X-Way", "waited");
  co_return true;
}

sched::task<bool> wait_and_refuse(context& c) {
  static_cast<void>(co_await sync::sleep_for(std::chrono::microseconds(10)));
  c.problem(403);
  co_return false;
}

sched::task<> go_around(context& c, sched::task<> inside) {
  c.set("X-Way", "(");
  co_await std::move(inside);
  c.set("X-Way", ")");
}

class middleware_test : public testing::TestWithParam<memory::mode> {
 protected:
  support::served server{GetParam()};
  route_group routes{server.service.router};

  std::string ask(const std::string& line) {
    return server.answers_to({line + " HTTP/1.1\r\nHost: a\r\n\r\n"});
  }
  // The values of X-Way in a row, and the status in front.
  std::string way(const std::string& line) {
    const std::string answer = ask(line);
    std::string names = answer.substr(9, 3);
    static constexpr std::string_view field = "X-Way: ";
    for (auto at = answer.find(field); at != std::string::npos; at = answer.find(field, at + 1)) {
      const auto begin = at + field.size();
      names += " " + answer.substr(begin, answer.find("\r\n", begin) - begin);
    }
    return names;
  }
};
INSTANTIATE_TEST_SUITE_P(memory, middleware_test,
                         testing::Values(memory::mode::arena, memory::mode::heap),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(middleware_test, goes_around_the_routes_of_its_group) {
  auto api = routes.group("/api");
  api.get("/early", [](context& c) { c.text("x"); });
  api.use(noting(stage::program, "a"));
  api.get("/late", [](context& c) { c.text("x"); });
  routes.get("/other", [](context& c) { c.text("x"); });
  EXPECT_EQ(way("GET /api/early"), "200 a /a");
  EXPECT_EQ(way("GET /api/late"), "200 a /a");
  EXPECT_EQ(way("GET /other"), "200");
}

TEST_P(middleware_test, of_groups_in_groups_adds_up_from_the_outside) {
  auto outer = routes.group("/a/{x}");
  auto inner = outer.group("/b");
  inner.use(noting(stage::program, "inner"));
  outer.use(noting(stage::program, "outer"));
  routes.use(noting(stage::program, "all"));
  inner.get("", [](context& c) { c.text(c.param("x")); });
  EXPECT_EQ(way("GET /a/7/b"), "200 all outer inner /inner /outer /all");
  EXPECT_NE(ask("GET /a/7/b").find("\r\n\r\n7"), std::string::npos);
}

TEST_P(middleware_test, has_one_order_whatever_the_order_of_use) {
  auto group = routes.group("/g");
  group.get("/x", [](context& c) { c.text("x"); });
  group.use(noting(stage::program, "program"));
  group.use(noting(stage::cors, "cors"));
  group.use(noting(stage::authentication, "authentication"));
  routes.use(noting(stage::compression, "compression"));
  EXPECT_EQ(way("GET /g/x"),
            "200 cors compression authentication program "
            "/program /authentication /compression /cors");
}

TEST_P(middleware_test, that_answers_ends_the_way_in) {
  auto group = routes.group("/g");
  group.get("/x", [](context&) { FAIL(); });
  group.use(noting(stage::cors, "outside"));
  group.use([](context& c) {
    c.status(401);
    return false;
  });
  group.use(noting(stage::program, "inside"));
  EXPECT_EQ(way("GET /g/x"), "401 outside /outside");
}

TEST_P(middleware_test, of_the_outermost_group_goes_around_what_no_handler_answers) {
  routes.use(noting(stage::program, "all"));
  EXPECT_EQ(way("GET /nowhere"), "404 all /all");
  EXPECT_EQ(way("PUT /plain"), "405 all /all");
  EXPECT_EQ(way("GET /%zz"), "400 all /all");
  EXPECT_EQ(way("OPTIONS *"), "204 all /all");
}

TEST_P(middleware_test, of_the_route_that_was_missed_goes_around_its_405) {
  auto group = routes.group("/g");
  group.get("/x", [](context&) {});
  group.use(noting(stage::program, "g"));
  EXPECT_EQ(way("PUT /g/x"), "405 g /g");
  EXPECT_EQ(way("OPTIONS /g/x"), "204 g /g");
}

TEST_P(middleware_test, goes_around_coroutine_handlers) {
  routes.use(noting(stage::program, "all"));
  EXPECT_EQ(way("GET /sleeps"), "200 all /all");
}

TEST_P(middleware_test, may_wait_in_front_of_any_handler) {
  routes.use(noting(stage::cors, "cors"));
  routes.use(wait_and_note);
  routes.use(noting(stage::program, "last"));
  EXPECT_EQ(way("GET /plain"), "200 cors waited last /last /cors");
  EXPECT_EQ(way("GET /sleeps"), "200 cors waited last /last /cors");
  EXPECT_EQ(way("GET /nowhere"), "404 cors waited last /last /cors");
}

TEST_P(middleware_test, that_waits_leaves_the_body_to_a_plain_handler) {
  routes.post("/back", [](context& c) { c.text(c.request.body); });
  routes.use(noting(stage::cors, "cors"));
  routes.use(wait_and_note);
  const std::string line = "POST /back HTTP/1.1\r\nHost: a\r\n";
  for (const char* const rest : {"Content-Length: 3\r\n\r\nabc",
                                 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}) {
    EXPECT_TRUE(server.answers_to({line + rest}).ends_with("\r\n\r\nabc")) << rest;
  }
  server.service.limits.body_bytes_max = 2;
  const std::string refused = server.answers_to({line + "Content-Length: 3\r\n\r\nabc"});
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 413")) << refused;
  EXPECT_NE(refused.find("X-Way: /cors"), std::string::npos) << "also around a refusal";
}

TEST_P(middleware_test, may_refuse_after_it_has_waited) {
  routes.use(noting(stage::cors, "cors"));
  routes.use(wait_and_refuse);
  routes.use(noting(stage::program, "inside"));
  EXPECT_EQ(way("GET /plain"), "403 cors /cors");
  EXPECT_EQ(way("GET /nowhere"), "403 cors /cors");
}

TEST_P(middleware_test, may_run_a_coroutine_handler_itself) {
  middleware around;
  around.around = go_around;
  routes.use(around);
  routes.use(noting(stage::program, "x"));
  EXPECT_EQ(way("GET /sleeps"), "200 x ( ) /x");
  EXPECT_EQ(way("GET /plain"), "200 x /x");
}

TEST_P(middleware_test, what_is_thrown_becomes_a_500_that_still_goes_out) {
  routes.use(noting(stage::cors, "cors"));
  EXPECT_EQ(way("GET /throws"), "500 /cors");
  EXPECT_EQ(way("GET /throws-later"), "500 /cors");
  auto group = routes.group("/g");
  group.get("/x", [](context&) { FAIL(); });
  group.use([](context&) -> bool { throw std::runtime_error("as planned"); });
  EXPECT_EQ(way("GET /g/x"), "500 /cors");
}

TEST_P(middleware_test, that_throws_on_the_way_out_makes_a_500) {
  middleware throwing;
  throwing.after = [](context&) { throw std::runtime_error("as planned"); };
  routes.use(noting(stage::cors, "cors"));
  routes.use(throwing);
  EXPECT_EQ(way("GET /plain"), "500 /cors");
}

TEST_P(middleware_test, is_told_of_every_answer_and_its_bytes) {
  std::vector<std::string> told;
  middleware counting;
  counting.answered = [&](const context& c, std::uint64_t bytes) {
    told.push_back(std::to_string(c.response.status) + " " + std::to_string(bytes));
  };
  routes.use(counting);
  ask("GET /plain");
  ask("HEAD /plain");
  ask("GET /large");
  ask("GET /plain?\x01");
  EXPECT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0], "200 5");
  EXPECT_EQ(told[1], "200 0");
  EXPECT_EQ(told[2], "200 100000");
  EXPECT_TRUE(told[3].starts_with("400 ")) << told[3];
}

}  // namespace
}  // namespace tacit::http
