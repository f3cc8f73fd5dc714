// The cases of tests/http/conformance_cases over sockets, in both threading modes: each whole, and
// in two pieces of which the second leaves when the first was read. Cuts at every byte are tried in
// memory.

#include <gtest/gtest.h>

#include <array>
#include <string>

#include <tacit/server/server.hpp>

#include "http/conformance.hpp"
#include "support/raw_client.hpp"

namespace tacit::server {
namespace {

class conformance_over_sockets : public testing::TestWithParam<threading> {
 protected:
  void SetUp() override {
    support::add_conformance_routes(
        [this](http::method on, const char* path, auto handler) { app.route(on, path, handler); });
    ASSERT_TRUE(std::holds_alternative<std::monostate>(app.start()));
    const std::string& address = app.address();
    port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  static options settings() {
    options chosen;
    chosen.listen = "127.0.0.1:0";
    chosen.mode = GetParam();
    chosen.workers = 2;
    return chosen;
  }

  server app{settings()};
  std::uint16_t port = 0;
};

INSTANTIATE_TEST_SUITE_P(modes, conformance_over_sockets,
                         testing::Values(threading::coroutine, threading::thread),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(conformance_over_sockets, every_case_whole) {
  for (const auto& each : support::conformance_cases()) {
    support::raw_client client(port);
    client.send(support::to_send(each));
    client.finish_sending();
    EXPECT_EQ(support::judge(each, client.read_to_end()), "") << each.name;
  }
}

TEST_P(conformance_over_sockets, every_case_in_two_pieces) {
  std::size_t number = 0;
  for (const auto& each : support::conformance_cases()) {
    const std::string sent = support::to_send(each);
    // Another place for each case, so that all kinds of places come up.
    const std::size_t cut = 1 + (number++ * 37) % (sent.size() - 1);
    support::raw_client client(port);
    client.send_in_pieces(sent, std::array{cut});
    client.finish_sending();
    EXPECT_EQ(support::judge(each, client.read_to_end()), "") << each.name << ", cut at " << cut;
  }
}

}  // namespace
}  // namespace tacit::server
