#include <gtest/gtest.h>
#include <atomic>
#include <cctype>
#include <filesystem>

#include "bench/connections.hpp"
#include "bench/contenders/contender.hpp"
#include "bench/fetch.hpp"

namespace tacit::bench::contenders {

// For GoogleTest, which would print its bytes.
static void PrintTo(const description& what, std::ostream* out) {
  *out << what.name;
}

namespace {

constexpr std::int64_t patience_ns = 30'000'000'000;

/// Every server of bench/contenders that churns. What is not built or installed is skipped.
std::vector<description> churning() {
  std::vector<description> out;
  for (const char* file : {"tacit.json", "go.json", "java.json"}) {
    for (auto& each :
         read_descriptions(std::string{TACIT_REPOSITORY "/bench/contenders/"} + file)) {
      out.push_back(std::move(each));
    }
  }
  return out;
}

surroundings around_here() {
  surroundings out;
  out.bin = std::filesystem::path{TACIT_RAW_EPOLL}.parent_path();
  out.tacit = out.bin / "tacit";
  out.live_mb = 4;
  out.workload_arguments = {"--churn-live-mb", "4"};
  return out;
}

std::string identifier(const description& what) {
  auto out = what.name;
  for (auto& each : out)
    each = std::isalnum(static_cast<unsigned char>(each)) != 0 ? each : '_';
  return out;
}

class contender_servers : public ::testing::TestWithParam<description> {
 protected:
  void SetUp() override {
    if (const auto missing = missing_for(GetParam(), around_here()); !missing.empty()) {
      GTEST_SKIP() << GetParam().name << ": " << missing;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, contender_servers, ::testing::ValuesIn(churning()),
                         [](const auto& tested) { return identifier(tested.param); });

TEST_P(contender_servers, answer_alike_and_end_when_asked) {
  const std::atomic<bool> stop = false;
  contender server{GetParam(), around_here(), stop};
  const auto get = [&](const char* target) {
    return fetch(server.address(), server.authority(), target, patience_ns);
  };
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/plaintext").body, "Hello, World!");
  EXPECT_EQ(get("/json").body, R"({"message":"Hello, World!"})");
  // 512 * (0 + 1 + ... + 19); object 300 is filled with 44.
  EXPECT_EQ(get("/churn?objects=20&bytes=512").body, "97280\n");
  EXPECT_EQ(get("/churn?objects=301&bytes=1").body, "33630\n");
  EXPECT_EQ(get("/churn?objects=0&bytes=0").body, "0\n");
  for (const char* wrong : {"/churn", "/churn?objects=1", "/churn?objects=x&bytes=1",
                            "/churn?objects=-1&bytes=1", "/churn?objects=65537&bytes=1024"}) {
    EXPECT_EQ(get(wrong).status, 400) << wrong;
  }
  EXPECT_EQ(server.stop(), "exit status 0");
}

TEST_P(contender_servers, have_a_log_of_their_pauses_that_can_be_read) {
  const std::atomic<bool> stop = false;
  const contender server{GetParam(), around_here(), stop};
  if (GetParam().pause_log.format == formats::gc_log_format::tacit &&
      fetch(server.address(), server.authority(), GetParam().pause_log.path, patience_ns).status ==
          404) {
    GTEST_SKIP() << "this server has no /debug/pauses";
  }
  const auto log = server.pause_log();
  ASSERT_TRUE(log);
  EXPECT_EQ(log->rejected.count, 0u);
  if (GetParam().pause_log.format != formats::gc_log_format::tacit) {
    EXPECT_NE(log->collector, "");
    const auto now = now_ns();
    for (const auto& one : log->pauses) {
      EXPECT_LE(one.start_ns, now) << one.what;
      EXPECT_GT(one.start_ns, now - 10 * patience_ns) << one.what;
    }
  }
}

}  // namespace
}  // namespace tacit::bench::contenders
