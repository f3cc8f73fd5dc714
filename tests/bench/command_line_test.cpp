#include <gtest/gtest.h>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "scripted_server.hpp"
#include "support/patience.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench {
namespace {

support::finished bench(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), TACIT_BENCH);
  return support::run(std::move(arguments));
}

nlohmann::json read_json(const std::string& path) {
  std::ifstream file{path};
  return nlohmann::json::parse(file);
}

TEST(tacit_bench, a_run_writes_table_and_json) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  const support::temporary_folder folder;
  const auto json = folder.file("run.json");
  const auto result = bench({"run", "http://" + server.authority() + "/x", "--rate", "500",
                             "--duration", "200ms", "--json", json});
  // A busy machine may make the run INVALID (3); it is complete all the same.
  EXPECT_TRUE(result.status == 0 || result.status == 3) << result.status << result.errors;
  EXPECT_NE(result.output.find("100 sent, 100 answered, 0 failed"), std::string::npos)
      << result.output;
  EXPECT_EQ(read_json(json)["requests"], 100);
  EXPECT_EQ(read_json(json)["valid"], result.status == 0);
}

TEST(tacit_bench, a_run_with_a_probe_says_what_it_saw_and_leaves_the_counts_alone) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  const support::temporary_folder folder;
  const auto json = folder.file("run.json");
  const auto page = folder.file("run.html");
  const auto result =
      bench({"run", "http://" + server.authority() + "/x", "--rate", "500", "--duration", "200ms",
             "--probe", "on", "--probes", "2", "--json", json, "--html", page});
  EXPECT_TRUE(result.status == 0 || result.status == 3) << result.status << result.errors;
  EXPECT_NE(result.output.find("100 sent, 100 answered, 0 failed"), std::string::npos)
      << result.output;
  EXPECT_NE(result.output.find("all stalled"), std::string::npos) << result.output;
  const auto probe = read_json(json)["pauses"]["probe"];
  EXPECT_EQ(probe["probes"], 2);
  EXPECT_GT(probe["counts"]["answered"], 0);
  EXPECT_GE(server.requests(), 100 + probe["counts"]["sent"].get<std::uint64_t>());
  EXPECT_EQ(probe["any"]["counts"], probe["origin"]["target"]["counts"]);
}

TEST(tacit_bench, processes_share_one_schedule_and_their_results_are_added_up) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  const support::temporary_folder folder;
  const auto start = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 6;
  std::vector<std::string> merge{"merge"};
  std::vector<std::unique_ptr<support::process>> parts;
  for (const char* index : {"0", "1", "2"}) {
    merge.push_back(folder.file(std::string{"part"} + index));
    parts.push_back(std::make_unique<support::process>(std::vector<std::string>{
        TACIT_BENCH, "run", "http://" + server.authority() + "/x", "--rate", "500", "--duration",
        "200ms", "--of", "3", "--index", index, "--start-at", std::to_string(start), "--json",
        merge.back()}));
  }
  for (const auto& part : parts)
    (void)part->wait();
  merge.insert(merge.end(), {"--json", folder.file("whole"), "--csv", folder.file("csv")});
  const auto result = bench(merge);
  EXPECT_TRUE(result.status == 0 || result.status == 3) << result.status << result.errors;
  EXPECT_NE(result.output.find("100 sent, 100 answered, 0 failed"), std::string::npos)
      << result.output;
  EXPECT_EQ(read_json(folder.file("part0"))["counts"]["sent"], 34);
  EXPECT_EQ(read_json(folder.file("part2"))["counts"]["sent"], 33);
  const auto whole = read_json(folder.file("whole"));
  EXPECT_EQ(whole["plan"]["of"], 1);
  EXPECT_EQ(whole["plan"]["agreed_start_unix_s"].get<double>(), static_cast<double>(start));
  // A machine under load begins later than agreed, never earlier.
  EXPECT_GE(whole["recording"]["start_unix_s"].get<double>(), static_cast<double>(start));
}

TEST(tacit_bench, a_start_that_has_passed_is_refused) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  const auto result =
      bench({"run", "http://" + server.authority() + "/x", "--start-at", "2020-01-01T00:00:00Z"});
  EXPECT_EQ(result.status, 1);
  EXPECT_TRUE(result.errors.starts_with("tacit-bench: --start-at: that was ")) << result.errors;
}

TEST(tacit_bench, a_replay_checks_statuses_and_reports_bad_lines) {
  const scripted_server server{[](const std::string& head, auto) {
    return head.find("/missing") == std::string::npos
               ? reply{ok("hello")}
               : reply{"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!"};
  }};
  const support::temporary_folder folder;
  const std::string time = "h - - [17/May/2015:10:00:00 +0000] ";
  const auto log =
      folder.write("access.log", time + "\"GET /a HTTP/1.1\" 200 5 \"-\" \"agent\"\nnonsense\n" +
                                     time + "\"GET /missing HTTP/1.1\" 404 3 \"-\" \"-\"\n" + time +
                                     "\"GET /wrong HTTP/1.1\" 200 4 \"-\" \"-\"\n");
  const auto json = folder.file("replay.json");
  const auto result = bench({"replay", log, "--target", "http://" + server.authority(), "--rate",
                             "max", "--check", "site", "--repeat", "10", "--json", json});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.errors.find("line 2: there is no client address"), std::string::npos)
      << result.errors;
  EXPECT_NE(result.output.find("GET /wrong: expected 4 body bytes, got 5"), std::string::npos)
      << result.output;
  const auto document = read_json(json);
  EXPECT_EQ(document["requests"], 30);
  EXPECT_EQ(document["errors"]["length_mismatch"], 10);
  EXPECT_EQ(document["errors"]["status_mismatch"], 0);
  EXPECT_EQ(document["traffic"]["rejected"], 1);
  EXPECT_EQ(document["traffic"]["rejected_lines"][0]["line"], 2);
}

/// A run is INVALID for this reason, whatever else a busy machine adds.
void expect_convicted(const support::finished& result, const std::string& reason) {
  EXPECT_EQ(result.status, 3) << result.output << result.errors;
  EXPECT_NE(result.output.find("INVALID"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find(reason), std::string::npos) << result.output;
}

support::finished shell(const std::string& script) {
  return support::run({"sh", "-c", script});
}

TEST(tacit_bench, a_harness_on_the_core_of_its_target_convicts_itself) {
  const support::temporary_folder folder;
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  // The process to sample stands for the target: all that is looked at is where it may run.
  const auto cpu = shell("taskset -cp $$ | sed 's/.*: //; s/[,-].*//'").output;
  const auto first = cpu.substr(0, cpu.find('\n'));
  ASSERT_FALSE(first.empty());
  const auto result =
      shell("taskset -cp " + first + " $$ >&2; exec '" + TACIT_BENCH + "' run http://" +
            server.authority() + "/ --rate 200 --duration 100ms --pid $$");
  expect_convicted(result, "harness and target are both pinned to CPU " + first);
}

TEST(tacit_bench, a_rate_beyond_its_power_convicts_the_harness) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  // 200,000 requests within 0.2 ms, with a free slot for each of the first 160,000.
  const auto result = bench({"run", "http://" + server.authority() + "/", "--rate", "1000000000",
                             "--connections", "16", "--pipeline", "10000", "--duration", "200us"});
  expect_convicted(result, "the harness sent late: schedule lag p99 is");
}

TEST(tacit_bench, a_target_that_ends_its_connections_makes_the_run_invalid) {
  const scripted_server server{[](const auto&, auto) {
    return reply{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", true};
  }};
  const auto result = bench({"run", "http://" + server.authority() + "/", "--rate", "500",
                             "--connections", "4", "--duration", "200ms"});
  expect_convicted(result, "the target ended 100 connections, one for each 1.0 answers");
}

TEST(tacit_bench, fewer_connections_than_asked_are_named_with_their_cause) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  const auto result = shell("ulimit -n 40; exec '" + std::string{TACIT_BENCH} + "' run http://" +
                            server.authority() + "/ --connections 100 --rate 500 --duration 100ms");
  expect_convicted(result, " of 100 connections could be opened: cannot connect to");
  EXPECT_NE(result.output.find("Too many open files"), std::string::npos) << result.output;
}

TEST(tacit_bench, an_unexpected_body_is_an_error_of_the_target) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("hello")}; }};
  const std::vector<std::string> words{
      "run",     "http://" + server.authority() + "/a", "--rate", "100", "--duration", "100ms",
      "--expect"};
  auto right = words;
  right.push_back("GET /a=>body~^hello$");
  EXPECT_NE(bench(right).status, 1);
  auto wrong = words;
  wrong.push_back("GET /a=>crc32=1");
  const auto result = bench(wrong);
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("10 body_mismatch"), std::string::npos) << result.output;
}

TEST(tacit_bench, a_refusing_target_is_one_line_and_no_file) {
  const support::temporary_folder folder;
  const auto result = bench({"run", "http://127.0.0.1:1/", "--json", folder.file("never.json")});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.errors, "tacit-bench: cannot connect to 127.0.0.1:1: Connection refused\n");
  EXPECT_EQ(result.output, "");
  EXPECT_TRUE(folder.empty());
}

TEST(tacit_bench, wrong_usage_is_one_line_and_status_2) {
  const auto result = bench({"run", "http://h/", "--conections", "5"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.errors,
            "tacit-bench: unknown option --conections (tacit-bench --help says what there is)\n");
}

TEST(tacit_bench, help_and_version_succeed) {
  EXPECT_EQ(bench({"--help"}).status, 0);
  EXPECT_NE(bench({"compare", "--help"}).output.find("--contenders"), std::string::npos);
  EXPECT_TRUE(bench({"--version"}).output.starts_with("tacit-bench "));
}

TEST(tacit_bench, generate_writes_what_replay_reads) {
  const support::temporary_folder folder;
  const auto path = folder.file("made.log");
  EXPECT_EQ(bench({"generate", "--lines", "50", "--seed", "2", "--output", path}).status, 0);
  const scripted_server server{[](const std::string& head, auto) {
    return reply{head.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\n\r\n" : ok("hello")};
  }};
  const auto result =
      bench({"replay", path, "--target", "http://" + server.authority(), "--speed", "1000x"});
  EXPECT_NE(result.output.find("50 sent, 50 answered, 0 failed"), std::string::npos)
      << result.output << result.errors;
}

/// A contender that is raw_epoll, and one whose program is missing.
std::string two_contenders(const support::temporary_folder& folder) {
  const std::string raw = TACIT_RAW_EPOLL;
  // The shell tells its process number, which is raw_epoll's after exec.
  return folder.write(
      "contenders.json",
      R"({"contenders":[{"name":"raw","ready_path":"/plaintext","command":["sh","-c",)"
      R"("echo $$ > {dir}/pid; exec )" +
          raw + R"( {port}"]},{"name":"absent","command":["/no/such/server"]}]})");
}

TEST(tacit_bench, compare_skips_what_is_missing_and_names_it) {
  const support::temporary_folder folder;
  const auto json = folder.file("compare.json");
  const auto result = bench({"compare", "--contenders", two_contenders(folder), "--workload",
                             "plaintext", "--duration", "100ms", "--rounds", "2", "--json", json});
  EXPECT_TRUE(result.status == 0 || result.status == 3) << result.status << result.errors;
  EXPECT_NE(result.output.find("Skipped: absent: /no/such/server is not there"), std::string::npos)
      << result.output;
  const auto document = read_json(json);
  EXPECT_EQ(document["contenders"].size(), 1u);
  EXPECT_EQ(document["contenders"][0]["rounds"].size(), 2u);
  EXPECT_EQ(document["errors"], 0);
}

TEST(tacit_bench, an_interrupted_comparison_stops_what_it_started) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const support::temporary_folder folder;
    const auto json = folder.file("compare.json");
    support::process comparing{{TACIT_BENCH, "compare", "--contenders", two_contenders(folder),
                                "--workload", "plaintext", "--duration", "60m", "--json", json}};
    pid_t server = 0;
    ASSERT_TRUE(support::eventually([&] {
      std::ifstream file{folder.file("pid")};
      return static_cast<bool>(file >> server);
    }));
    comparing.signal(signal);
    EXPECT_EQ(comparing.wait(), 128 + signal) << comparing.errors();
    EXPECT_NE(::kill(server, 0), 0) << "the contender outlived the comparison";
    EXPECT_FALSE(std::filesystem::exists(json));
  }
}

// ThreadSanitizer alone takes more than a small budget.
#if defined(__SANITIZE_THREAD__)
constexpr const char* budget_of_some = "128M";
#else
constexpr const char* budget_of_some = "8M";
#endif

TEST(tacit_bench, fills_a_budget_until_the_next_instance_is_too_many) {
  const support::temporary_folder folder;
  const auto contenders =
      folder.write("c.json", R"({"contenders":[{"name":"small","command":[")" TACIT_RAW_EPOLL
                             R"(","{port}"],"ready_path":"/plaintext"}]})");
  const auto json = folder.file("density.json");
  const auto result =
      bench({"density", "--contenders", contenders, "--memory", budget_of_some, "--starts", "1",
             "--load", "100", "--answer-within", "10s", "--json", json});
  if (result.errors.find("control groups") != std::string::npos) GTEST_SKIP() << result.errors;
  ASSERT_EQ(result.status, 0) << result.errors << result.output;
  const auto document = read_json(json);
  const auto row = document["contenders"][0];
  EXPECT_GE(row["fitted"], 1);
  EXPECT_GE(row["started"], row["fitted"]);
  EXPECT_LE(row["charged_bytes"], document["memory_bytes"]);
  EXPECT_GT(row["starts"][0]["startup_ns"], 0);
  EXPECT_GT(row["starts"][0]["idle_bytes"], 0);
}

TEST(tacit_bench, a_density_without_sense_is_refused) {
  EXPECT_EQ(bench({"density", "--memory", "12"}).status, 2);
  EXPECT_EQ(bench({"density", "--target", "x"}).status, 2);
  EXPECT_EQ(bench({"density", "nobody"}).status, 2);
}

}  // namespace
}  // namespace tacit::bench
