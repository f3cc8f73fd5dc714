#include "bench/options.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>
#include <vector>

namespace tacit::bench {
namespace {

std::optional<command> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "tacit-bench");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

template <class Options>
Options parsed(std::vector<const char*> words) {
  return std::get<Options>(parse(std::move(words)).value());
}

std::string refusal(std::vector<const char*> words) {
  try {
    (void)parse(std::move(words));
  } catch (const base::failure& failure) {
    EXPECT_TRUE(failure.usage);
    EXPECT_EQ(failure.message.find('\n'), std::string::npos);
    return failure.message;
  }
  return "no refusal";
}

TEST(options, a_run_has_sensible_defaults) {
  const auto run = parsed<run_options>({"run", "http://h/"});
  EXPECT_EQ(run.url, "http://h/");
  EXPECT_FALSE(run.drive.rate.per_s.has_value());
  EXPECT_EQ(run.duration_ns, 10'000'000'000);
  EXPECT_EQ(run.warmup_ns, 0);
  EXPECT_EQ(run.drive.timeout_ns, 30'000'000'000);
  EXPECT_EQ(run.drive.threads, 1u);
  EXPECT_FALSE(run.body.has_value());
}

TEST(options, pauses_are_looked_for_where_that_is_asked_for) {
  EXPECT_FALSE(parsed<run_options>({"run", "http://h/"}).drive.probe);
  const auto probe = parsed<run_options>({"run", "http://h/", "--probe", "on"}).drive.probe;
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->probes, 4u);
  EXPECT_EQ(probe->rate_per_s, 1'000);
  EXPECT_EQ(probe->path, "/plaintext");
  const auto other = parsed<compare_options>(
      {"compare", "--probe", "on", "--probes", "2", "--probe-rate", "250", "--probe-path", "/x"});
  EXPECT_EQ(other.drive.probe->probes, 2u);
  EXPECT_EQ(other.drive.probe->rate_per_s, 250);
  EXPECT_EQ(other.drive.probe->path, "/x");
  EXPECT_NE(refusal({"run", "http://h/", "--probe", "on", "--probe-path", "x"})
                .find("a path that starts with /"),
            std::string::npos);
}

TEST(options, connections_are_opened_and_closed_as_told) {
  const auto run =
      parsed<run_options>({"run", "http://h/", "--requests-per-connection", "7", "--close-by-reset",
                           "--connect-timeout", "2s", "--connect-rate", "50", "--source",
                           "127.0.0.2", "--source", "::1"});
  const auto& policy = run.drive.policy;
  EXPECT_EQ(policy.requests_max, 7u);
  EXPECT_TRUE(policy.closes_by_reset);
  EXPECT_EQ(policy.connect_timeout_ns, 2'000'000'000);
  EXPECT_DOUBLE_EQ(policy.connects_per_s_max, 50);
  ASSERT_EQ(policy.sources.size(), 2u);
  EXPECT_EQ(policy.sources[0].ss_family, AF_INET);
  EXPECT_EQ(policy.sources[1].ss_family, AF_INET6);
  EXPECT_NE(refusal({"run", "http://h/", "--source", "localhost"}).find("an IPv4 or IPv6 address"),
            std::string::npos);
}

TEST(options, a_run_takes_what_it_is_told) {
  const auto run = parsed<run_options>(
      {"run",        "http://h/", "--rate",     "2.5e3",  "--connections", "7",
       "--pipeline", "3",         "--duration", "1.5m",   "--arrivals",    "poisson",
       "--seed",     "9",         "--threads",  "2",      "--warmup",      "250ms",
       "--timeout",  "2s",        "--json",     "f.json", "--pid",         "12",
       "--method",   "POST",      "--header",   "A: b",   "--header",      "C:d",
       "--body",     "xyz"});
  EXPECT_DOUBLE_EQ(run.drive.rate.per_s.value(), 2'500);
  EXPECT_EQ(run.drive.connections, 7u);
  EXPECT_EQ(run.drive.pipeline, 3u);
  EXPECT_EQ(run.duration_ns, 90'000'000'000);
  EXPECT_TRUE(run.drive.poisson);
  EXPECT_EQ(run.drive.seed, 9u);
  EXPECT_EQ(run.drive.threads, 2u);
  EXPECT_EQ(run.warmup_ns, 250'000'000);
  EXPECT_EQ(run.drive.timeout_ns, 2'000'000'000);
  EXPECT_EQ(run.drive.outputs.json, "f.json");
  EXPECT_EQ(run.pid, 12);
  EXPECT_EQ(run.method, "POST");
  ASSERT_EQ(run.fields.size(), 2u);
  EXPECT_EQ(run.fields[0], (std::pair<std::string, std::string>{"A", "b"}));
  EXPECT_EQ(run.body, "xyz");
}

TEST(options, a_replay_keeps_the_logs_own_times_unless_told) {
  const auto replay = parsed<replay_options>({"replay", "f", "--target", "http://h"});
  EXPECT_DOUBLE_EQ(replay.speed.value(), 1);
  EXPECT_EQ(replay.check, check_kind::none);
  EXPECT_DOUBLE_EQ(parsed<replay_options>({"replay", "f", "--target", "http://h", "--speed", "10x"})
                       .speed.value(),
                   10);
  const auto fast =
      parsed<replay_options>({"replay", "f", "--target", "http://h", "--rate", "max", "--check",
                              "site", "--body-limit", "100", "--repeat", "3"});
  EXPECT_FALSE(fast.speed.has_value());
  EXPECT_FALSE(fast.drive.rate.per_s.has_value());
  EXPECT_EQ(fast.check, check_kind::site);
  EXPECT_EQ(fast.body_bytes_max, 100u);
  EXPECT_EQ(fast.repeat, 3u);
}

TEST(options, a_comparison_finds_its_own_rate_unless_told) {
  const auto compare = parsed<compare_options>({"compare", "a", "b"});
  EXPECT_TRUE(compare.rate_is_auto);
  EXPECT_EQ(compare.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(compare.workers(), 1u);
  EXPECT_TRUE(compare.pin());
  const auto fixed = parsed<compare_options>(
      {"compare", "--rate", "500", "--no-pin", "--rounds", "5", "--workload", "json"});
  EXPECT_FALSE(fixed.rate_is_auto);
  EXPECT_DOUBLE_EQ(fixed.drive.rate.per_s.value(), 500);
  EXPECT_FALSE(fixed.pin());
  EXPECT_EQ(fixed.rounds, 5u);
  EXPECT_FALSE(parsed<compare_options>({"compare", "--rate", "max"}).rate_is_auto);
}

TEST(options, a_comparison_may_churn_within_a_limit_of_memory) {
  const auto plain = parsed<compare_options>({"compare", "--workload", "churn"});
  EXPECT_FALSE(plain.memory_bytes_max);
  EXPECT_EQ(plain.churn.live_mb, 128u);
  const auto told = parsed<compare_options>({"compare", "--workload", "churn", "--churn",
                                             "live=1GB,objects=7", "--memory-limit", "512MB"});
  EXPECT_EQ(told.churn.objects, 7u);
  EXPECT_EQ(told.churn.bytes, 512u);
  EXPECT_EQ(told.churn.live_mb, 1024u);
  EXPECT_EQ(told.memory_bytes_max, 512u << 20);
  EXPECT_EQ(parsed<compare_options>({"compare", "--workload", "churn", "--churn", "live=0"})
                .churn.live_mb,
            0u);
  for (const char* wrong :
       {"objects", "objects=x", "live=5", "live=5KB", "weight=1", "objects=65537,bytes=1024"}) {
    const auto why = refusal({"compare", "--workload", "churn", "--churn", wrong});
    EXPECT_NE(why.find("objects=N,bytes=N,live=NMB"), std::string::npos) << wrong << ": " << why;
  }
  EXPECT_NE(refusal({"compare", "--churn", "objects=1"}).find("--workload churn"),
            std::string::npos);
  EXPECT_NE(refusal({"compare", "--memory-limit", "0MB"}).find("at least 1MB"), std::string::npos);
  EXPECT_NE(refusal({"compare", "--memory-limit", "lots"}).find("512MB"), std::string::npos);
}

TEST(options, names_may_follow_the_files_of_contenders) {
  const auto compare = parsed<compare_options>(
      {"compare", "--contenders", "a.json", "--contenders", "b.json", "one", "two"});
  EXPECT_EQ(compare.contenders_paths, (std::vector<std::string>{"a.json", "b.json"}));
  EXPECT_EQ(compare.names, (std::vector<std::string>{"one", "two"}));
}

TEST(options, skew_takes_two_workers_that_share_the_cpus_unless_told) {
  const auto skew = parsed<compare_options>({"compare", "--workload", "skew"});
  EXPECT_EQ(skew.workers(), 2u);
  EXPECT_FALSE(skew.pin());
  const auto told =
      parsed<compare_options>({"compare", "--workload", "skew", "--workers", "4", "--pin"});
  EXPECT_EQ(told.workers(), 4u);
  EXPECT_TRUE(told.pin());
}

TEST(options, a_comparison_floods_only_where_that_is_asked_for) {
  EXPECT_FALSE(parsed<compare_options>({"compare"}).flood_per_s);
  EXPECT_EQ(parsed<compare_options>({"compare", "--flood", "100000"}).flood_per_s, 100'000);
  EXPECT_EQ(parsed<compare_options>({"compare", "--warmup", "3s"}).warmup_ns, 3'000'000'000);
}

TEST(options, a_report_takes_comparisons_and_an_earlier_report) {
  const auto report = parsed<report_options>({"report", "a.json", "b.json", "--against", "old.json",
                                              "--remark", "Go 1.19", "--html", "r.html"});
  EXPECT_EQ(report.paths, (std::vector<std::string>{"a.json", "b.json"}));
  EXPECT_EQ(report.against_path, "old.json");
  EXPECT_EQ(report.remarks, std::vector<std::string>{"Go 1.19"});
  EXPECT_EQ(report.outputs.html, "r.html");
  EXPECT_NE(refusal({"report"}).find("FILE"), std::string::npos);
}

TEST(options, a_rate_may_have_a_shape) {
  const auto run = parsed<run_options>({"run", "http://h/", "--rate", "ramp:0:100:10s"});
  ASSERT_TRUE(run.drive.rate.profile.has_value());
  EXPECT_DOUBLE_EQ(run.drive.rate.profile->count_until(10), 500);
  for (const auto* wrong : {"ramp:1:2", "steps::1s", "steps:1,x:1s", "sine:10:20:1s",
                            "flood:1:2:3s", "flood:0:0:1s:1s", "ramp:1:2:0s", "wave:1:2:3s", ":"})
    EXPECT_NE(refusal({"run", "http://h/", "--rate", wrong}), "no refusal") << wrong;
  EXPECT_NE(refusal({"compare", "--rate", "ramp:0:100:10s"}), "no refusal");
}

TEST(options, a_replay_takes_filters_and_objectives) {
  const auto replay = parsed<replay_options>(
      {"replay", "f", "--target", "http://h", "--format", "gor", "--keep", "GET", "--drop", "x",
       "--rewrite", "a=>b", "--header", "A:b", "--host", "n", "--strict", "--slo", "p99<5ms"});
  EXPECT_EQ(replay.format, file_format::gor);
  EXPECT_EQ(replay.filter.keep.size() + replay.filter.drop.size(), 2u);
  EXPECT_EQ(replay.filter.fields.size(), 1u);
  EXPECT_TRUE(replay.strict);
  EXPECT_EQ(replay.drive.objectives.size(), 1u);
}

TEST(options, what_is_not_there_is_refused_by_name) {
  EXPECT_EQ(refusal({"rnu"}),
            "rnu: no such command; there are run, replay, generate, histogram, capacity, density, "
            "merge, compare and report");
  EXPECT_EQ(refusal({"run", "http://h/", "--hgrn", "f"}),
            "unknown option --hgrn (tacit-bench --help says what there is)");
  EXPECT_NE(refusal({"run", "http://h/", "--slo", "p99=5ms"}).find("--slo"), std::string::npos);
  EXPECT_NE(refusal({}), "no refusal");
  EXPECT_NE(refusal({"run"}).find("URL"), std::string::npos);
}

TEST(options, values_out_of_reach_are_refused_by_name) {
  const auto refused = [](const char* option, const char* value) {
    const auto message = refusal({"run", "http://h/", option, value});
    EXPECT_NE(message.find(option), std::string::npos) << message;
  };
  refused("--rate", "0");
  refused("--rate", "-5");
  refused("--rate", "nan");
  refused("--rate", "fast");
  refused("--rate", "auto");
  refused("--duration", "10");
  refused("--duration", "s");
  refused("--duration", "1h1m");
  refused("--duration", "9999h");
  refused("--connections", "0");
  refused("--pipeline", "-1");
  refused("--threads", "1000");
  refused("--arrivals", "uniform");
  refused("--header", "novalue");
  refused("--header", "a b: c");
  refused("--method", "G T");
  refused("--method", "CONNECT");
}

TEST(options, speed_and_rate_exclude_each_other) {
  EXPECT_NE(refusal({"replay", "f", "--target", "http://h", "--speed", "2", "--rate", "5"})
                .find("excludes"),
            std::string::npos);
  EXPECT_NE(refusal({"compare", "--log", "f", "--workload", "json"}).find("excludes"),
            std::string::npos);
}

}  // namespace
}  // namespace tacit::bench
