// HTTP/1.1 as a list of cases, each whole, cut at every byte, and byte by byte.

#include <gtest/gtest.h>

#include <set>

#include "http/conformance.hpp"
#include "http/served.hpp"

namespace tacit::http {
namespace {

using support::conformance_case;
using support::memory_stream;

class conformance : public testing::TestWithParam<conformance_case> {
 protected:
  conformance() {
    support::add_conformance_routes([this](method on, const char* path, auto handler) {
      service.router.add(on, path, make_handler(handler));
    });
  }

  std::string answers_to(std::deque<std::string> pieces) {
    memory_stream peer(std::move(pieces));
    sched::block_on(serve_connection(service, peer, connections));
    return peer.written();
  }

  observe::metrics numbers;
  http::service service{numbers};
  connection_set connections;
};

INSTANTIATE_TEST_SUITE_P(http, conformance, testing::ValuesIn(support::conformance_cases()),
                         [](const auto& each) { return each.param.name; });

TEST_P(conformance, whole_and_cut_at_every_byte) {
  const std::string sent = support::to_send(GetParam());
  ASSERT_EQ(support::judge(GetParam(), answers_to({sent})), "");
  for (std::size_t cut = 1; cut < sent.size(); ++cut) {
    ASSERT_EQ(support::judge(GetParam(), answers_to({sent.substr(0, cut), sent.substr(cut)})), "")
        << "cut at " << cut;
  }
}

TEST_P(conformance, byte_by_byte) {
  std::deque<std::string> bytes;
  for (const char each : support::to_send(GetParam()))
    bytes.emplace_back(1, each);
  EXPECT_EQ(support::judge(GetParam(), answers_to(std::move(bytes))), "");
}

TEST(conformance_cases, are_many_and_each_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (const auto& each : support::conformance_cases())
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
  EXPECT_GE(names.size(), 250U);
}

}  // namespace
}  // namespace tacit::http
