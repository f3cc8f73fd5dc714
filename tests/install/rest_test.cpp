// examples/rest, built against the installed package, keeps notes.

#include <gtest/gtest.h>
#include <csignal>
#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/raw_client.hpp"

namespace tacit::support {
namespace {

std::string request(const std::string& method, const std::string& target,
                    const std::string& body = "") {
  return method + " " + target +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

TEST(rest, keeps_notes_and_refuses_what_is_none) {
  process program({TACIT_EXAMPLES "/rest/rest", "127.0.0.1:0"});
  const std::string address = program.await_line("listening on 127.0.0.1:");
  raw_client client(static_cast<std::uint16_t>(std::stoi(address)));

  const response made = client.exchange(request("POST", "/notes", R"({"text": "milk"})"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.field("Location"), "/notes/1");
  EXPECT_EQ(client.exchange(request("POST", "/notes", "{")).status, 400);
  EXPECT_EQ(client.exchange(request("POST", "/notes", R"({"txt": 1})")).status, 422);

  EXPECT_EQ(client.exchange(request("PUT", "/notes/1", R"({"text": "bread"})")).status, 200);
  const auto read = nlohmann::json::parse(client.exchange(request("GET", "/notes/1")).body);
  EXPECT_EQ(read, nlohmann::json({{"id", 1}, {"text", "bread"}}));
  const auto all = nlohmann::json::parse(client.exchange(request("GET", "/notes")).body);
  EXPECT_EQ(all, nlohmann::json::array({read}));

  EXPECT_EQ(client.exchange(request("DELETE", "/notes/1")).status, 204);
  EXPECT_EQ(client.exchange(request("GET", "/notes/1")).status, 404);
  EXPECT_EQ(client.exchange(request("GET", "/notes/one")).status, 404);
  EXPECT_EQ(client.exchange(request("PATCH", "/notes")).status, 405);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

}  // namespace
}  // namespace tacit::support
