// What `tacit serve --config` puts around every answer.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::response;

class middleware : public every_cell {
 protected:
  [[nodiscard]] server_process serve_with(const std::string& settings) const {
    return serve(
        {"--config", folder_.write("middleware.json", R"({"middleware": {)" + settings + "}}")});
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(folder_.file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  support::temporary_folder folder_;
};
TACIT_IN_EVERY_CELL(middleware);

TEST_P(middleware, nothing_is_there_unless_it_is_asked_for) {
  const server_process server = serve();
  const response answer = server.exchange(
      get_request("/plaintext", "Origin: https://a.example\r\nAccept-Encoding: gzip\r\n"));
  for (const auto* name : {"X-Request-Id", "X-Content-Type-Options", "Content-Encoding",
                           "Access-Control-Allow-Origin"}) {
    EXPECT_EQ(answer.field(name), std::nullopt) << name;
  }
}

TEST_P(middleware, all_of_it_goes_around_one_answer) {
  const server_process server = serve_with(
      R"("request_id": true, "access_log": "json", "access_log_file": ")" +
      folder_.file("access.log") +
      R"(", "compression": true, "cors": ["https://a.example"], "security_headers": true)");
  const std::string body(5000, 'x');
  const response answer = server.exchange(
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n"
      "X-Request-Id: the-one\r\nOrigin: https://a.example\r\nAccept-Encoding: gzip\r\n\r\n" +
      body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("X-Request-Id"), "the-one");
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(answer.field("Content-Encoding"), "gzip");
  EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff");
  EXPECT_LT(answer.body.size(), 200U);

  std::string log;
  ASSERT_TRUE(support::eventually([&] { return (log = read("access.log")).ends_with('\n'); }));
  const auto line = nlohmann::json::parse(log);
  EXPECT_EQ(line.at("request_id"), "the-one");
  EXPECT_EQ(line.at("target"), "/echo");
  EXPECT_EQ(line.at("status"), 200);
}

TEST_P(middleware, it_goes_around_answers_that_no_handler_gave) {
  const server_process server = serve_with(R"("request_id": true, "security_headers": true)");
  for (const auto& [request, status] :
       {std::pair(get_request("/none"), 404), std::pair(post_request("/plaintext", ""), 405)}) {
    const response answer = server.exchange(request);
    EXPECT_EQ(answer.status, status);
    EXPECT_NE(answer.field("X-Request-Id"), std::nullopt);
    EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff");
  }
}

TEST_P(middleware, a_preflight_is_answered_for_known_origins_only) {
  const server_process server = serve_with(R"("cors": ["https://a.example"])");
  const auto preflight = [&](const std::string& origin) {
    return server.exchange("OPTIONS /echo HTTP/1.1\r\nHost: test\r\nOrigin: " + origin +
                           "\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  };
  EXPECT_EQ(preflight("https://a.example").field("Access-Control-Allow-Origin"),
            "https://a.example");
  EXPECT_EQ(preflight("https://b.example").field("Access-Control-Allow-Origin"), std::nullopt);
}

}  // namespace
}  // namespace tacit::e2e
