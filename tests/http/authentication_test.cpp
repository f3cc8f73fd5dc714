#include <tacit/http/authentication.hpp>

#include <gtest/gtest.h>

#include <memory_resource>
#include <stdexcept>

#include <tacit/sync/sleep.hpp>

#include "http/asked_server.hpp"
#include "http/base64.hpp"

namespace tacit::http {
namespace {

class authentication_test : public testing::TestWithParam<memory::mode> {
 protected:
  support::asked_server server{GetParam()};

  authentication_test() {
    server.routes.get("/x", [](context& c) { c.text("in"); });
  }
  support::answer_text ask(const std::string& authorization) {
    return server.ask("GET /x", "Authorization: " + authorization + "\r\n");
  }
};
INSTANTIATE_TEST_SUITE_P(memory, authentication_test,
                         testing::Values(memory::mode::arena, memory::mode::heap),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(authentication_test, basic_lets_the_user_in) {
  server.routes.use(basic_auth("the realm", "Aladdin", "open sesame"));
  EXPECT_EQ(ask("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").body, "in");
  EXPECT_EQ(ask("basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==").body, "in");
}

TEST_P(authentication_test, basic_refuses_everybody_else_with_a_challenge) {
  server.routes.use(basic_auth("the realm", "Aladdin", "open sesame"));
  const auto without = server.ask("GET /x");
  EXPECT_EQ(without.status(), "401");
  EXPECT_EQ(without.field("WWW-Authenticate"), "Basic realm=\"the realm\", charset=\"UTF-8\"");
  for (const auto* sent :
       {"Basic", "Basic ", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",
        "Basic QWxhZGRpbg==", "Basic !!!!", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Basic QWxhZGRpbjo=", "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ=="})
    EXPECT_EQ(ask(sent).status(), "401") << sent;
}

TEST_P(authentication_test, basic_asks_the_program) {
  server.routes.use(basic_auth("r", [](context&, basic_credentials sent) {
    return sent.user == "a" && sent.password == "b:c";
  }));
  EXPECT_EQ(ask("Basic YTpiOmM=").body, "in") << "the first colon separates";
  EXPECT_EQ(ask("Basic YTpi").status(), "401");
}

TEST_P(authentication_test, bearer_asks_the_program) {
  server.routes.use(
      bearer_auth("api", [](context&, std::string_view token) { return token == "ab.c=="; }));
  EXPECT_EQ(ask("Bearer ab.c==").body, "in");
  EXPECT_EQ(server.ask("GET /x").field("WWW-Authenticate"), "Bearer realm=\"api\"");
  for (const auto* sent : {"Bearer abc", "Bearer a b", "Bearer ==", "Bearer a=b", "Bearer \"x\""}) {
    const auto refused = ask(sent);
    EXPECT_EQ(refused.status(), "401") << sent;
    EXPECT_EQ(refused.field("WWW-Authenticate"), "Bearer realm=\"api\", error=\"invalid_token\"");
  }
}

sched::task<bool> look_up(context&, std::string_view token) {
  static_cast<void>(co_await sync::sleep_for(std::chrono::microseconds(10)));
  co_return token == "good";
}

TEST_P(authentication_test, bearer_may_wait_for_the_answer) {
  server.routes.use(bearer_auth_waiting("api", look_up));
  EXPECT_EQ(ask("Bearer good").body, "in");
  EXPECT_EQ(ask("Bearer bad").status(), "401");
  EXPECT_EQ(server.ask("GET /x").status(), "401");
  EXPECT_EQ(server.ask("GET /sleeps", "Authorization: Bearer good\r\n").body, "slept");
}

TEST(authentication, a_realm_that_would_break_the_field_is_refused) {
  EXPECT_THROW(static_cast<void>(basic_auth("a\"b", "u", "p")), std::invalid_argument);
}

TEST(authentication, texts_are_equal_only_to_themselves) {
  EXPECT_TRUE(equals_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equals_in_constant_time("", ""));
  for (const auto* other : {"", "a", "ab", "abd", "abcabc", "abca", "Abc"}) {
    EXPECT_FALSE(equals_in_constant_time(other, "abc")) << other;
    EXPECT_FALSE(equals_in_constant_time("abc", other)) << other;
  }
}

TEST(base64, decodes_what_the_rfc_lists_and_nothing_else) {
  const auto decoded = [](std::string_view text) -> std::string {
    std::pmr::string into;
    return decode_base64(text, into) ? std::string(into) : "malformed";
  };
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("Zg=="), "f");
  EXPECT_EQ(decoded("Zm8="), "fo");
  EXPECT_EQ(decoded("Zm9v"), "foo");
  EXPECT_EQ(decoded("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decoded("/+8="), "\xFF\xEF");
  for (const auto* bad :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Z-_="})
    EXPECT_EQ(decoded(bad), "malformed") << bad;
}

}  // namespace
}  // namespace tacit::http
