#include <tacit/http/router.hpp>

#include <gtest/gtest.h>

#include <memory_resource>
#include <stdexcept>
#include <string>

namespace tacit::http {
namespace {

struct router_test : testing::Test {
  router routes;

  void add(method on, std::string_view pattern, std::string answer) {
    routes.add(on, pattern, make_handler([answer](context& c) {
                 c.text(answer, " ", c.param("a"), " ", c.param("b"));
               }));
  }
  std::string ask(method on, std::string_view path) {
    context c(*std::pmr::new_delete_resource());
    c.request.method = on;
    c.request.path = path;
    const auto match = routes.find(c);
    switch (match.result) {
      case router::outcome::not_found:
        return "404";
      case router::outcome::bad_request:
        return "400";
      case router::outcome::method_not_allowed:
        return "405 " + *match.allow;
      case router::outcome::found:
        match.with->plain(c);
        break;
    }
    return std::string(c.response.body);
  }
};

TEST_F(router_test, matches_literal_paths_exactly) {
  add(method::get, "/", "root");
  add(method::get, "/one", "one");
  EXPECT_EQ(ask(method::get, "/"), "root  ");
  EXPECT_EQ(ask(method::get, "/one"), "one  ");
  EXPECT_EQ(ask(method::get, "/one/"), "404");
  EXPECT_EQ(ask(method::get, "/On"), "404");
}

TEST_F(router_test, binds_parameters_and_the_rest) {
  add(method::get, "/items/{a}/parts/{b}", "part");
  add(method::get, "/files/{a...}", "file");
  EXPECT_EQ(ask(method::get, "/items/7/parts/x"), "part 7 x");
  EXPECT_EQ(ask(method::get, "/items//parts/x"), "404");
  EXPECT_EQ(ask(method::get, "/files/a/b/c"), "file a/b/c ");
  EXPECT_EQ(ask(method::get, "/files/"), "file  ");
  EXPECT_EQ(ask(method::get, "/files"), "404");
}

TEST_F(router_test, the_more_specific_route_wins_whatever_the_order) {
  add(method::get, "/{a...}", "rest");
  add(method::get, "/x/{a}", "one");
  add(method::get, "/x/y", "literal");
  EXPECT_EQ(ask(method::get, "/x/y"), "literal  ");
  EXPECT_EQ(ask(method::get, "/x/z"), "one z ");
  EXPECT_EQ(ask(method::get, "/q"), "rest q ");
}

TEST_F(router_test, decodes_parameters_once) {
  add(method::get, "/{a}", "got");
  EXPECT_EQ(ask(method::get, "/J%C3%BCrgen"), "got J\xC3\xBCrgen ");
  EXPECT_EQ(ask(method::get, "/a%2Fb"), "got a/b ");
  EXPECT_EQ(ask(method::get, "/a%252Fb"), "got a%2Fb ");
  for (const auto* bad : {"/a%", "/a%2", "/a%zz", "/a%00"})
    EXPECT_EQ(ask(method::get, bad), "400") << bad;
}

TEST_F(router_test, head_uses_the_route_of_get_unless_it_has_its_own) {
  add(method::get, "/a", "get");
  EXPECT_EQ(ask(method::head, "/a"), "get  ");
  add(method::get, "/b", "get");
  add(method::head, "/b", "head");
  EXPECT_EQ(ask(method::head, "/b"), "head  ");
}

TEST_F(router_test, tells_which_methods_a_path_has) {
  add(method::get, "/a", "get");
  add(method::post, "/a", "post");
  EXPECT_EQ(ask(method::put, "/a"), "405 GET, HEAD, POST");
  add(method::delete_, "/x/{a}", "delete");
  EXPECT_EQ(ask(method::get, "/x/1"), "405 DELETE");
}

TEST_F(router_test, a_fallback_answers_what_nothing_else_does) {
  add(method::get, "/a", "a");
  routes.set_fallback(make_handler([](context& c) { c.text("fallback"); }));
  EXPECT_EQ(ask(method::post, "/anything"), "fallback");
  EXPECT_EQ(ask(method::get, "/a"), "a  ");
}

TEST_F(router_test, refuses_malformed_and_double_routes_by_name) {
  const auto refusal = [&](std::string_view pattern) -> std::string {
    try {
      add(method::get, pattern, "");
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "taken";
  };
  add(method::get, "/a/{a}", "first");
  EXPECT_NE(refusal("no-slash").find("no-slash"), std::string::npos);
  for (const auto* bad :
       {"", "x", "/{", "/{}", "/{...}", "/{a...}/b", "/a{b}", "/{a}b", "/a/{a}"}) {
    EXPECT_NE(refusal(bad), "taken") << bad;
  }
  EXPECT_NE(refusal("/a/{other}").find("/a/{a}"), std::string::npos);
}

}  // namespace
}  // namespace tacit::http
