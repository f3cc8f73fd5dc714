#include <tacit/http/cors.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

#include <tacit/http/authentication.hpp>

#include "http/asked_server.hpp"

namespace tacit::http {
namespace {

struct cors_test : testing::Test {
  support::asked_server server;
  route_group api = server.routes.group("/api");

  cors_test() {
    api.get("/x", [](context& c) { c.text("x"); });
    api.put("/x", [](context& c) { c.text("put"); });
  }
  void use(const cors_options& with) { api.use(cors(with)); }
};

const std::string from_app = "Origin: https://app.example\r\n";
const std::string preflight = from_app + "Access-Control-Request-Method: PUT\r\n";

TEST_F(cors_test, lets_scripts_of_a_named_origin_read_the_answer) {
  use({.origins = {"https://app.example"}, .exposed_fields = {"X-A", "X-B"}});
  const auto answer = server.ask("GET /api/x", from_app);
  EXPECT_EQ(answer.body, "x");
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(answer.field("Access-Control-Expose-Headers"), "X-A, X-B");
  EXPECT_EQ(answer.field("Access-Control-Allow-Credentials"), "-");
  EXPECT_EQ(answer.field("Vary"), "Origin");
}

TEST_F(cors_test, adds_nothing_for_other_origins_but_the_handler_answers) {
  use({.origins = {"https://app.example"}});
  for (const std::string origin :
       {"https://app.example.evil", "http://app.example", "https://app.example:8443", "null"}) {
    const auto answer = server.ask("GET /api/x", "Origin: " + origin + "\r\n");
    EXPECT_EQ(answer.body, "x");
    EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "-") << origin;
    EXPECT_EQ(answer.field("Vary"), "Origin") << "a cache must keep these apart";
  }
  EXPECT_EQ(server.ask("GET /api/x").field("Vary"), "Origin");
}

TEST_F(cors_test, any_origin_is_answered_by_the_asterisk) {
  use({.origins = {"*"}});
  const auto answer = server.ask("GET /api/x", from_app);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(answer.field("Vary"), "-");
}

TEST_F(cors_test, answers_a_preflight_without_the_handler) {
  use({.origins = {"https://app.example"},
       .methods = {"PUT", "DELETE"},
       .request_fields = {"X-C"},
       .credentials = true,
       .max_age = std::chrono::seconds(60)});
  const auto answer = server.ask("OPTIONS /api/x", preflight);
  EXPECT_EQ(answer.status(), "204");
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(answer.field("Access-Control-Allow-Methods"), "PUT, DELETE");
  EXPECT_EQ(answer.field("Access-Control-Allow-Headers"), "X-C");
  EXPECT_EQ(answer.field("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(answer.field("Access-Control-Max-Age"), "60");
  EXPECT_EQ(answer.field("Vary"),
            "Access-Control-Request-Method, Access-Control-Request-Headers, Origin");
}

TEST_F(cors_test, a_preflight_from_elsewhere_gets_no_leave) {
  use({.origins = {"https://app.example"}});
  const auto answer = server.ask(
      "OPTIONS /api/x", "Origin: https://evil.example\r\nAccess-Control-Request-Method: PUT\r\n");
  EXPECT_EQ(answer.status(), "204");
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "-");
  EXPECT_EQ(answer.field("Access-Control-Allow-Methods"), "-");
}

TEST_F(cors_test, a_preflight_needs_no_credentials_and_a_401_can_be_read) {
  use({.origins = {"https://app.example"}});
  api.use(basic_auth("r", "u", "p"));
  EXPECT_EQ(server.ask("OPTIONS /api/x", preflight).status(), "204");
  const auto refused = server.ask("GET /api/x", from_app);
  EXPECT_EQ(refused.status(), "401");
  EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "https://app.example");
}

TEST_F(cors_test, options_that_are_no_preflight_are_answered_as_always) {
  use({.origins = {"https://app.example"}});
  EXPECT_EQ(server.ask("OPTIONS /api/x", from_app).field("Allow"), "GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(server.ask("OPTIONS /api/x").field("Allow"), "GET, HEAD, PUT, OPTIONS");
}

TEST_F(cors_test, of_the_route_that_is_asked_for_answers_the_preflight) {
  auto other = server.routes.group("/api");
  other.del("/x", [](context&) {});
  other.use(cors({.origins = {"https://other.example"}}));
  use({.origins = {"https://app.example"}});
  const auto ask = [&](const std::string& method) {
    return server
        .ask("OPTIONS /api/x", from_app + "Access-Control-Request-Method: " + method + "\r\n")
        .field("Access-Control-Allow-Origin");
  };
  EXPECT_EQ(ask("PUT"), "https://app.example");
  EXPECT_EQ(ask("DELETE"), "-");
}

TEST_F(cors_test, any_origin_cannot_have_credentials) {
  EXPECT_THROW(use({.origins = {"*"}, .credentials = true}), std::invalid_argument);
}

}  // namespace
}  // namespace tacit::http
