// `tacit serve --record FILE`: what was asked can be asked again.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "e2e/server_process.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t count_of(const std::string& what, const std::string& in) {
  std::size_t found = 0;
  for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1))
    ++found;
  return found;
}

class recording : public every_cell {
 protected:
  support::temporary_folder folder_;
};
TACIT_IN_EVERY_CELL(recording);

TEST_P(recording, says_what_it_has_recorded_and_dropped) {
  server_process server = serve({"--record", folder_.file("traffic.gor")});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(server.get("/plaintext").status, 200);
  const auto debug = nlohmann::json::parse(server.get("/debug/recording").body);
  EXPECT_EQ(debug.at("file"), folder_.file("traffic.gor"));
  EXPECT_EQ(debug.at("recorded"), 3);
  EXPECT_EQ(debug.at("dropped"), 0);
  const auto metrics = server.get("/metrics").body;
  EXPECT_NE(metrics.find("tacit_recorded_requests_total 4"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("tacit_recording_dropped_total 0"), std::string::npos) << metrics;
  EXPECT_EQ(server.stop(), 0);
  EXPECT_EQ(count_of("\nGET /plaintext HTTP/1.1\r\n", text_of(folder_.file("traffic.gor"))), 3U);
}

#ifdef TACIT_BENCH_PROGRAM
TEST_P(recording, is_replayed_by_the_harness) {
  const auto first = folder_.file("first.gor");
  const auto second = folder_.file("second.gor");
  {
    server_process server = serve({"--record", first});
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(server.get("/bytes/" + std::to_string(i)).status, 200);
    EXPECT_EQ(server.exchange(post_request("/echo", "what is echoed")).body, "what is echoed");
    EXPECT_EQ(server.stop(), 0);
  }
  server_process server = serve({"--record", second});
  const auto replayed = support::run({TACIT_BENCH_PROGRAM, "replay", first, "--target",
                                      "http://127.0.0.1:" + std::to_string(server.port()),
                                      "--speed", "1000x", "--connections", "2", "--expect",
                                      "status=200", "--expect", "POST /echo=>body~^what is echoed$",
                                      "--expect", "GET /bytes/19$=>length=19", "--drop", "/debug"});
  // A busy machine may make the run INVALID (3); what was sent and answered is the same.
  EXPECT_NE(replayed.status, 1) << replayed.output << replayed.errors;
  EXPECT_NE(replayed.output.find("21 sent, 21 answered, 0 failed"), std::string::npos)
      << replayed.output << replayed.errors;
  EXPECT_EQ(server.stop(), 0);
  const auto text = text_of(second);
  EXPECT_EQ(count_of("\nGET /bytes/", text), 20U);
  EXPECT_NE(text.find("\r\n\r\nwhat is echoed\n"), std::string::npos) << text;
}
#endif

}  // namespace
}  // namespace tacit::e2e
