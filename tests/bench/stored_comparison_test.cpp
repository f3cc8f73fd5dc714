#include "bench/stored_comparison.hpp"

#include <gtest/gtest.h>
#include <fstream>

#include "bench/results.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench {
namespace {

constexpr std::int64_t one_second_ns = 1'000'000'000;

/// `seconds` of 100 requests each whose latencies are about `latency_us`.
outcome steady(int seconds, std::int64_t latency_us) {
  outcome out;
  auto& recorded = out.phase.recorded;
  recorded.begin(0);
  for (int i = 0; i < seconds * 100; ++i) {
    const auto due = i * one_second_ns / 100;
    recorded.on_sent(due, 100);
    const auto jitter = (i * 37) % 11;
    recorded.on_answer({"GET / HTTP/1.1\r\n", false, {}}, {200, 2, true},
                       {due, due, due + (latency_us + jitter) * 1'000});
  }
  recorded.finish();
  recorded.counts.due = recorded.counts.sent = static_cast<std::uint64_t>(seconds) * 100;
  recorded.last_answer_ns = seconds * one_second_ns;
  for (int i = 0; i <= 10 * seconds; ++i)
    out.spent.over_time.push_back({i * one_second_ns / 10, i * 100'000, 1'000'000});
  return out;
}

std::string store(const support::temporary_folder& folder, const char* name, const outcome& run) {
  output_paths outputs;
  outputs.json = folder.file(name);
  write_results(run, {"run", "http://h/", "100/s"}, {"http://h/", "100/s", {}, {}, {}}, {},
                outputs);
  return outputs.json;
}

nlohmann::ordered_json compared(const support::temporary_folder& folder, const std::string& a,
                                const std::string& b) {
  compare_options options;
  options.names = {a, b};
  options.drive.outputs.json = folder.file("difference.json");
  EXPECT_TRUE(names_results(options));
  EXPECT_EQ(compare_stored(options), 0);
  std::ifstream file{options.drive.outputs.json};
  return nlohmann::ordered_json::parse(file);
}

TEST(blocks, are_whole_seconds_and_at_most_ten) {
  const auto few = blocks_of(steady(4, 500));
  ASSERT_EQ(few.rate_per_s.size(), 4u);
  EXPECT_DOUBLE_EQ(few.rate_per_s[1], 100);
  EXPECT_NEAR(few.p50_us[2], 505, 2);
  ASSERT_GE(few.cpu_us_per_request.size(), 3u);
  EXPECT_NEAR(few.cpu_us_per_request[0], 10, 1e-6);
  EXPECT_EQ(blocks_of(steady(35, 500)).rate_per_s.size(), 10u);
}

TEST(stored_comparison, of_a_run_with_itself_shows_nothing_and_admits_its_limits) {
  const support::temporary_folder folder;
  const auto a = store(folder, "a.json", steady(10, 500));
  const auto found = compared(folder, a, a);
  EXPECT_EQ(found["differences"].size(), 4u);
  for (const auto& one : found["differences"])
    EXPECT_EQ(one["is_shown"], false) << one;
  EXPECT_NE(found["caveat"].get<std::string>().find("One run each"), std::string::npos);
}

TEST(stored_comparison, finds_what_is_slower) {
  const support::temporary_folder folder;
  const auto found = compared(folder, store(folder, "a.json", steady(10, 500)),
                              store(folder, "b.json", steady(10, 600)));
  EXPECT_EQ(found["differences"][0]["is_shown"], false);
  EXPECT_EQ(found["differences"][1]["is_shown"], true);
  EXPECT_NEAR(found["differences"][1]["ratio"].get<double>(), 605.0 / 505, 0.01);
}

TEST(stored_comparison, pairs_lists_of_runs) {
  const support::temporary_folder folder;
  std::string a;
  std::string b;
  for (int i = 0; i < 5; ++i) {
    // What the machine does to both sides of a pair cancels out.
    const auto slower = 200 * i;
    a += (i == 0 ? "" : ",") +
         store(folder, ("a" + std::to_string(i) + ".json").c_str(), steady(2, 500 + slower));
    b += (i == 0 ? "" : ",") + store(folder, ("b" + std::to_string(i) + ".json").c_str(),
                                     steady(2, (500 + slower) * 11 / 10));
  }
  const auto found = compared(folder, a, b);
  EXPECT_EQ(found["is_paired"], true);
  EXPECT_EQ(found["differences"][1]["blocks"], 5);
  EXPECT_EQ(found["differences"][1]["is_shown"], true);
}

}  // namespace
}  // namespace tacit::bench
