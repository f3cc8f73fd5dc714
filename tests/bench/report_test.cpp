#include "bench/report.hpp"

#include <gtest/gtest.h>
#include <fstream>
#include <iterator>
#include <tacit/base/error.hpp>

#include "bench/output_file.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench {
namespace {

outcome some_outcome() {
  outcome out;
  for (int i = 1; i <= 1'000; ++i) {
    out.phase.recorded.on_sent(0, 100);
    out.phase.recorded.on_answer({"GET / HTTP/1.1\r\n", false, {}}, {200, 2, true},
                                 {0, 500'000, i * 1'000});
  }
  out.phase.recorded.counts.due = out.phase.recorded.counts.sent = 1'000;
  out.phase.recorded.last_answer_ns = 500'000'000;
  out.facts = {4, 4, 0, false};
  return out;
}

TEST(report, json_has_the_fields_that_scripts_depend_on) {
  auto result = some_outcome();
  result.spent.server.emplace().cpu_ns = 7'000'000;
  result.spent.server->voluntary_switches = 500;
  result.spent.server->rss_bytes = 4'096;
  result.spent.runtime.emplace().allocations = 4'000;
  result.spent.runtime->requests = 1'000;
  const auto json = to_json(result);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["valid"], true);
  EXPECT_TRUE(json["invalid_reasons"].is_array());
  EXPECT_EQ(json["requests"], 1'000);
  EXPECT_TRUE(json["errors"].is_object());
  EXPECT_DOUBLE_EQ(json["rate_per_s"].get<double>(), 2'000);
  for (const char* times : {"latency_us", "service_time_us", "schedule_lag_us"}) {
    for (const char* figure : {"p50", "p90", "p99", "p99_9", "max"})
      EXPECT_TRUE(json[times][figure].is_number()) << times << "." << figure;
  }
  EXPECT_NEAR(json["latency_us"]["p50"].get<double>(), 500, 1);
  EXPECT_DOUBLE_EQ(json["latency_us"]["max"].get<double>(), 1'000);
  const auto& server = json["server"];
  EXPECT_DOUBLE_EQ(server["cpu_us_per_request"].get<double>(), 7);
  EXPECT_DOUBLE_EQ(server["context_switches_per_request"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(server["allocations_per_request"].get<double>(), 4);
  EXPECT_EQ(server["rss_bytes"], 4'096);
  for (const char* key : {"allocated_bytes_per_request", "run_delay_us_per_request",
                          "minor_faults_per_request", "requests_counted"})
    EXPECT_TRUE(server[key].is_number()) << key;
  EXPECT_TRUE(json["pauses"].is_object());
}

TEST(report, what_is_not_known_is_null_and_not_zero) {
  const auto json = to_json(some_outcome());
  EXPECT_TRUE(json["server"]["cpu_us_per_request"].is_null());
  EXPECT_TRUE(json["server"]["allocations_per_request"].is_null());
  EXPECT_TRUE(json["server"]["rss_bytes"].is_null());
}

TEST(report, an_invalid_run_says_so_in_table_json_and_status) {
  auto result = some_outcome();
  result.judged.invalid_reasons.push_back({"the harness sent late", true});
  EXPECT_EQ(to_json(result)["valid"], false);
  EXPECT_EQ(to_json(result)["invalid_reasons"][0], "the harness sent late");
  EXPECT_NE(to_table(result, {"run", "http://x/", "load"}).find("INVALID"), std::string::npos);
  EXPECT_EQ(exit_status_of(result), 3);
}

TEST(report, errors_of_the_target_win_over_invalid) {
  auto result = some_outcome();
  EXPECT_EQ(exit_status_of(result), 0);
  result.judged.invalid_reasons.push_back({"late", true});
  result.phase.recorded.on_connect_failure("refused", 0);
  EXPECT_EQ(exit_status_of(result), 1);
  EXPECT_EQ(to_json(result)["errors"]["connect"], 1);
}

TEST(report, the_table_groups_digits_and_stays_narrow) {
  const auto table = to_table(some_outcome(), {"run", "http://x/", "4 connections"});
  EXPECT_NE(table.find("1,000 sent, 1,000 answered, 0 failed"), std::string::npos) << table;
  std::size_t start = 0;
  for (auto end = table.find('\n'); end != std::string::npos; end = table.find('\n', start)) {
    EXPECT_LE(end - start, 120u) << table.substr(start, end - start);
    start = end + 1;
  }
}

TEST(write_file, replaces_a_file_and_leaves_nothing_else) {
  const support::temporary_folder folder;
  const auto path = folder.write("out.json", "old");
  write_file(path, "new");
  std::ifstream file{path};
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>{file}, {}), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 1);
}

TEST(write_file, a_failure_names_the_file_and_leaves_none) {
  const support::temporary_folder folder;
  const auto path = folder.file("missing/out.json");
  for (const auto& attempt : {+[](const std::string& p) { check_writable(p); },
                              +[](const std::string& p) { write_file(p, "x"); }}) {
    try {
      attempt(path);
      FAIL() << "no failure";
    } catch (const base::failure& failure) {
      EXPECT_EQ(failure.message, path + ": cannot write: No such file or directory");
    }
  }
  check_writable(folder.file("fine.json"));
  EXPECT_TRUE(folder.empty());
}

}  // namespace
}  // namespace tacit::bench
