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
  std::string ask(method on, std::string_view path, std::string_view host = {}) {
    context c(*std::pmr::new_delete_resource());
    c.request.method = on;
    c.request.path = path;
    c.request.authority = host;
    const auto match = routes.find(c);
    switch (match.result) {
      case router::outcome::not_found:
        return "404";
      case router::outcome::bad_request:
        return "400";
      case router::outcome::method_not_allowed: {
        std::string answer = "405 ";
        match.allow.append_names(answer);
        return answer;
      }
      case router::outcome::found:
        match.with->plain(c);
        break;
    }
    return std::string(c.response.body);
  }
  std::string get(std::string_view path, std::string_view host = {}) {
    return ask(method::get, path, host);
  }
  // What adding it is refused with; "taken" if it is not.
  std::string refusal(method on, std::string_view pattern) {
    try {
      add(on, pattern, "");
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "taken";
  }
};

TEST_F(router_test, matches_literal_paths_exactly) {
  add(method::get, "/", "root");
  add(method::get, "/one", "one");
  add(method::get, "/one/two/", "folder");
  EXPECT_EQ(get("/"), "root  ");
  EXPECT_EQ(get("/one"), "one  ");
  EXPECT_EQ(get("/one/two/"), "folder  ");
  EXPECT_EQ(get("/one/"), "404");
  EXPECT_EQ(get("/one/two"), "404");
  EXPECT_EQ(get("/On"), "404");
  EXPECT_EQ(get("one"), "404");
}

TEST_F(router_test, binds_parameters_and_the_rest) {
  add(method::get, "/items/{a}/parts/{b}", "part");
  add(method::get, "/files/{a...}", "file");
  EXPECT_EQ(get("/items/7/parts/x"), "part 7 x");
  EXPECT_EQ(get("/items//parts/x"), "404");
  EXPECT_EQ(get("/files/a/b/c"), "file a/b/c ");
  EXPECT_EQ(get("/files/a/b/"), "file a/b/ ");
  EXPECT_EQ(get("/files/"), "file  ");
  EXPECT_EQ(get("/files"), "404");
}

TEST_F(router_test, the_more_specific_route_wins_whatever_the_order) {
  add(method::get, "/{a...}", "rest");
  add(method::get, "/x/{a}", "one");
  add(method::get, "/x/y", "literal");
  add(method::get, "/x/{a}/{b...}", "one, rest");
  EXPECT_EQ(get("/x/y"), "literal  ");
  EXPECT_EQ(get("/x/z"), "one z ");
  EXPECT_EQ(get("/x/y/z"), "one, rest y z");
  EXPECT_EQ(get("/q"), "rest q ");
  EXPECT_EQ(get("/x/"), "rest x/ ");
}

TEST_F(router_test, turns_back_where_a_literal_branch_comes_to_nothing) {
  add(method::get, "/a/b/c", "literal");
  add(method::get, "/a/{a}/d", "one");
  add(method::get, "/a/{a...}", "rest");
  EXPECT_EQ(get("/a/b/c"), "literal  ");
  EXPECT_EQ(get("/a/b/d"), "one b ");
  EXPECT_EQ(get("/a/b/e"), "rest b/e ");
}

TEST_F(router_test, finds_a_segment_among_many) {
  for (int i = 0; i < 300; ++i)
    add(method::get, "/" + std::to_string(i) + "/x", std::to_string(i));
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(get("/" + std::to_string(i) + "/x"), std::to_string(i) + "  ");
  }
  EXPECT_EQ(get("/300/x"), "404");
}

TEST_F(router_test, decodes_parameters_once) {
  add(method::get, "/{a}", "got");
  EXPECT_EQ(get("/J%C3%BCrgen"), "got J\xC3\xBCrgen ");
  EXPECT_EQ(get("/a%20b"), "got a b ");
  EXPECT_EQ(get("/a%252Fb"), "got a%2Fb ");
  EXPECT_EQ(get("/a+b"), "got a+b ");
}

TEST_F(router_test, compares_decoded_segments) {
  add(method::get, "/caf\xC3\xA9/{a}", "got");
  EXPECT_EQ(get("/caf%C3%A9/%31"), "got 1 ");
  EXPECT_EQ(get("/c%61f%c3%a9/1"), "got 1 ");
}

TEST_F(router_test, refuses_bad_escapes_and_encoded_nuls) {
  add(method::get, "/{a}", "got");
  for (const auto* bad : {"/a%", "/a%2", "/a%zz", "/a%0g", "/a%00", "/%00", "/a/b/%", "/%%41"})
    EXPECT_EQ(get(bad), "400") << bad;
}

TEST_F(router_test, an_encoded_slash_never_separates) {
  add(method::get, "/one/{a}", "one");
  add(method::get, "/two/{a}/{b}", "two");
  add(method::get, "/rest/{a...}", "rest");
  EXPECT_EQ(get("/one/a%2Fb"), "one a/b ");
  EXPECT_EQ(get("/two/a%2fb/c"), "two a/b c");
  EXPECT_EQ(get("/two/a%2Fb"), "404");
  EXPECT_EQ(get("/one%2Fa"), "404");
  EXPECT_EQ(get("/rest/a/b%2Fc"), "400") << "there it could not be told from a separator";
}

TEST_F(router_test, refuses_dot_segments_however_they_are_written) {
  add(method::get, "/{a...}", "got");
  add(method::get, "/one/{a}", "one");
  for (const auto* bad :
       {"/.", "/..", "/./a", "/../a", "/a/..", "/a/../b", "/a/./b", "/%2e", "/%2E.", "/.%2e/a",
        "/a/%2e%2e/b", "/one/..%2Fa", "/one/a%2F..%2Fb", "/one/%2e%2e%2f"})
    EXPECT_EQ(get(bad), "400") << bad;
  for (const auto* good :
       {"/...", "/.a", "/a.", "/..a", "/a..", "/a.b/c.d", "/.well-known/x", "/a/..."})
    EXPECT_EQ(get(good), "got " + std::string(good + 1) + " ") << good;
}

TEST_F(router_test, no_parameter_is_an_absolute_path) {
  add(method::get, "/{a...}", "rest");
  add(method::get, "/one/{a}", "one");
  for (const auto* empty : {"//", "//a", "/a//b", "/a//"})
    EXPECT_EQ(get(empty), "404") << empty;
  for (const auto* bad : {"/one/%2Fetc", "/one/a%2F%2Fb", "/%2Fa"})
    EXPECT_EQ(get(bad), "400") << bad;
}

TEST_F(router_test, head_uses_the_route_of_get_unless_it_has_its_own) {
  add(method::get, "/a", "get");
  EXPECT_EQ(ask(method::head, "/a"), "get  ");
  add(method::get, "/b", "get");
  add(method::head, "/b", "head");
  EXPECT_EQ(ask(method::head, "/b"), "head  ");
}

TEST_F(router_test, a_less_specific_route_answers_methods_that_the_more_specific_one_lacks) {
  add(method::get, "/a/{a}", "get");
  add(method::post, "/a/b", "post");
  EXPECT_EQ(get("/a/b"), "get b ");
  EXPECT_EQ(ask(method::post, "/a/b"), "post  ");
}

TEST_F(router_test, tells_which_methods_a_path_has) {
  add(method::get, "/a", "get");
  add(method::post, "/a", "post");
  EXPECT_EQ(ask(method::put, "/a"), "405 GET, HEAD, POST, OPTIONS");
  add(method::delete_, "/x/{a}", "delete");
  add(method::put, "/x/y", "put");
  EXPECT_EQ(get("/x/1"), "405 DELETE, OPTIONS");
  EXPECT_EQ(get("/x/y"), "405 PUT, DELETE, OPTIONS") << "of all routes with that path";
  EXPECT_EQ(ask(method::options, "/x/1"), "405 DELETE, OPTIONS");
  add(method::options, "/x/{b}", "mine");
  EXPECT_EQ(ask(method::options, "/x/1"), "mine  1");
}

TEST_F(router_test, options_of_the_asterisk_has_every_method_that_there_is) {
  add(method::get, "/a", "get");
  add(method::patch, "/b", "patch");
  EXPECT_EQ(ask(method::options, "*"), "405 GET, HEAD, PATCH, OPTIONS");
  add(method::options, "*", "mine");
  EXPECT_EQ(ask(method::options, "*"), "mine  ");
  EXPECT_NE(refusal(method::options, "*"), "taken");
  EXPECT_NE(refusal(method::get, "*"), "taken");
}

TEST_F(router_test, routes_of_a_host_come_before_those_of_any) {
  add(method::get, "/x", "any");
  add(method::get, "a.example/{a}", "host");
  add(method::get, "/y", "any");
  EXPECT_EQ(get("/x", "a.example"), "host x ");
  EXPECT_EQ(get("/x", "A.Example:8080"), "host x ") << "neither case nor port matter";
  EXPECT_EQ(get("/x", "a.example."), "host x ");
  EXPECT_EQ(get("/x", "b.example"), "any  ");
  EXPECT_EQ(get("/x"), "any  ");
  EXPECT_EQ(get("/q", "b.example"), "404");
}

TEST_F(router_test, the_dot_of_the_root_makes_no_other_host) {
  add(method::get, "a.example./x", "host");
  add(method::get, "{a}.a.example./x", "label");
  EXPECT_EQ(get("/x", "a.example"), "host  ");
  EXPECT_EQ(get("/x", "a.example."), "host  ");
  EXPECT_EQ(get("/x", "b.a.example."), "label b ");
  EXPECT_NE(refusal(method::get, "a.example/x"), "taken");
}

TEST_F(router_test, what_a_host_lacks_is_looked_up_for_any_host) {
  add(method::get, "/y", "any");
  add(method::put, "a.example/y", "host");
  EXPECT_EQ(get("/y", "a.example"), "any  ");
  EXPECT_EQ(ask(method::post, "/y", "a.example"), "405 GET, HEAD, PUT, OPTIONS");
}

TEST_F(router_test, a_label_of_the_host_may_be_a_parameter) {
  add(method::get, "{a}.example.org/x/{b}", "tenant");
  add(method::get, "www.example.org/x/{b}", "www");
  EXPECT_EQ(get("/x/1", "Acme.Example.Org"), "tenant acme 1");
  EXPECT_EQ(get("/x/%31", "acme.example.org"), "tenant acme 1");
  EXPECT_EQ(get("/x/1", "www.example.org"), "www  1");
  EXPECT_EQ(get("/x/1", "example.org"), "404");
  EXPECT_EQ(get("/x/1", "a.b.example.org"), "404");
  EXPECT_EQ(get("/x/1", ".example.org"), "404");
  EXPECT_EQ(get("/x/1", std::string(300, 'a') + ".example.org"), "404");
}

TEST_F(router_test, a_fallback_answers_what_nothing_else_does) {
  add(method::get, "/a", "a");
  routes.set_fallback(make_handler([](context& c) { c.text("fallback"); }));
  EXPECT_EQ(ask(method::post, "/anything"), "fallback");
  EXPECT_EQ(get("/a"), "a  ");
  EXPECT_EQ(get("/%zz"), "fallback");
  EXPECT_EQ(get("/a/../b"), "fallback");
  EXPECT_EQ(ask(method::put, "/a"), "405 GET, HEAD, OPTIONS");
}

TEST_F(router_test, refuses_malformed_patterns_by_name) {
  for (const auto* bad :
       {"",          "x",          "/{",          "/{}",     "/{...}",
        "/{a...}/b", "/a{b}",      "/{a}b",       "/a//b",   "/a/../b",
        "/a%20b",    "/a?b",       "/{a}/{a}",    "/{a{b}}", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}",
        "{a}/b",     "{a}x.org/b", "a.{b}.org/x", "a b/x",   "{a}.org/{a}",
        "./x",       ".org/x",     "a..org/x",    "{a}./x"}) {
    const std::string why = refusal(method::get, bad);
    EXPECT_NE(why.find("'" + std::string(bad) + "'"), std::string::npos) << bad << ": " << why;
  }
}

TEST_F(router_test, refuses_a_conflict_and_names_both_patterns) {
  add(method::get, "/a/{a}", "first");
  const auto names = [&](method on, std::string_view pattern, std::string_view other) {
    const std::string why = refusal(on, pattern);
    EXPECT_NE(why.find(pattern), std::string::npos) << why;
    EXPECT_NE(why.find(other), std::string::npos) << why;
  };
  names(method::get, "/a/{a}", "GET /a/{a}");
  names(method::get, "/a/{other}", "GET /a/{a}");
  names(method::get, "/{x}/b", "GET /a/{a}");
  names(method::head, "/{x...}", "GET /a/{a}");
  add(method::get, "/f/{a...}", "rest");
  names(method::get, "/{x}/b/edit", "GET /f/{a...}");
}

TEST_F(router_test, what_differs_by_method_or_host_does_not_conflict) {
  add(method::get, "/a/{a}", "get");
  EXPECT_EQ(refusal(method::post, "/{x}/b"), "taken");
  EXPECT_EQ(refusal(method::head, "/a/b"), "taken");
  EXPECT_EQ(refusal(method::get, "a.example/{x}/b"), "taken");
  EXPECT_EQ(refusal(method::get, "{b}.example/{x}/b"), "taken");
}

}  // namespace
}  // namespace tacit::http
