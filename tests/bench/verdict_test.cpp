#include "bench/verdict.hpp"

#include <gtest/gtest.h>

namespace tacit::bench {
namespace {

/// A run of 1,000 answers in one second that nothing is wrong with.
struct good_run {
  phase_result phase;
  cost spent;
  run_facts facts{4, 4, 1.0, false};

  good_run() {
    for (int i = 0; i < 1'000; ++i) {
      phase.recorded.on_sent(0, 1'000);
      phase.recorded.on_answer({"GET / HTTP/1.1\r\n", false, {}}, {200, 1, true}, {0, 0, 5'000});
    }
    phase.recorded.counts.due = phase.recorded.counts.sent = 1'000;
    phase.recorded.last_answer_ns = 1'000'000'000;
    spent.harness.at_ns = 1'000'000'000;
    spent.runtime.emplace().requests = 1'000;
  }

  [[nodiscard]] verdict judged() const { return judge(phase, spent, facts); }
};

void expect_invalid(const verdict& judged, const std::string& reason, bool is_disturbance) {
  ASSERT_EQ(judged.invalid_reasons.size(), 1u);
  EXPECT_NE(judged.invalid_reasons[0].text.find(reason), std::string::npos)
      << judged.invalid_reasons[0].text;
  EXPECT_EQ(judged.invalid_reasons[0].is_disturbance, is_disturbance);
}

TEST(verdict, a_good_run_is_valid) {
  EXPECT_TRUE(good_run{}.judged().is_valid());
  EXPECT_TRUE(good_run{}.judged().notes.empty());
}

TEST(verdict, a_late_harness_convicts_itself) {
  good_run run;
  for (int i = 0; i < 100; ++i)
    run.phase.recorded.on_sent(0, 2'000'000);
  expect_invalid(run.judged(), "the harness sent late: schedule lag p99 is 2.0", true);
}

TEST(verdict, a_starved_harness_convicts_itself) {
  good_run run;
  run.spent.harness.run_delay_ns = 60'000'000;
  expect_invalid(run.judged(), "it waited for a CPU 6.0 % of the time", true);
}

/// The same with probes that were answered 200 times and ran when they should.
struct good_probed_run : good_run {
  pause_report probed;

  good_probed_run() {
    probed.run = {0, 1'000'000'000};
    probed.sent = probed.answered = 200;
    probed.lag.record(10'000, 200);
    spent.runtime->requests = 1'200;
  }

  [[nodiscard]] verdict judged() const { return judge(phase, spent, facts, {}, &probed); }
};

TEST(verdict, the_server_has_to_count_the_probes_requests_too) {
  good_probed_run run;
  EXPECT_TRUE(run.judged().is_valid());
  run.spent.runtime->requests = 1'000;
  expect_invalid(run.judged(),
                 "the server counted 1000 requests, the harness 1200, those of the probe", false);
}

TEST(verdict, a_late_probe_convicts_itself) {
  good_probed_run run;
  run.probed.lag.record(600'000, 10);
  expect_invalid(run.judged(), "the probe looked late: its lag p99 is 0.6", true);
  good_probed_run other;
  other.probed.late_ns = 60'000'000;
  expect_invalid(other.judged(), "did not run when it should have for 6.0 % of the time", true);
}

TEST(verdict, a_probe_that_nobody_answered_is_invalid_and_a_failed_request_is_noted) {
  good_probed_run run;
  run.probed.failed = 1;
  run.probed.failure = "reset";
  EXPECT_TRUE(run.judged().is_valid());
  EXPECT_EQ(run.judged().notes.back(), "1 requests of the probe failed, such as: reset");
  run.probed.answered = 0;
  expect_invalid(run.judged(), "the probe got no answer", false);
}

TEST(verdict, the_load_may_wait_while_the_probe_has_the_cpu) {
  good_probed_run run;
  run.spent.harness.run_delay_ns = 60'000'000;
  run.spent.harness.cpu_ns = 100'000'000;
  run.probed.own_cpu_ns = 50'000'000;
  EXPECT_TRUE(run.judged().is_valid());
}

TEST(verdict, missing_connections_are_invalid) {
  good_run run;
  run.facts.connections_opened = 3;
  expect_invalid(run.judged(), "3 of 4 connections", false);
}

TEST(verdict, counts_have_to_add_up) {
  good_run run;
  ++run.phase.recorded.counts.sent;
  ++run.phase.recorded.counts.due;
  expect_invalid(run.judged(), "1001 sent, 1000 answered, 0 failed, 0 outstanding", false);
}

TEST(verdict, the_server_has_to_count_as_many) {
  good_run run;
  run.spent.runtime->requests = 999;
  expect_invalid(run.judged(), "the server counted 999 requests, the harness 1000", false);
}

TEST(verdict, a_server_that_saw_repetitions_may_count_more) {
  good_run run;
  run.spent.runtime->requests = 1'003;
  run.phase.recorded.counts.resent = 3;
  EXPECT_TRUE(run.judged().is_valid());
}

TEST(verdict, a_slow_target_is_noted_and_not_invalid) {
  good_run run;
  run.phase.recorded.last_answer_ns = 3'000'000'000;
  run.phase.recorded.counts.due = 1'200;
  const auto judged = run.judged();
  EXPECT_TRUE(judged.is_valid());
  EXPECT_EQ(judged.notes.size(), 2u);
}

TEST(verdict, a_slow_harness_is_invalid) {
  good_run run;
  run.phase.recorded.last_answer_ns = 3'000'000'000;
  for (int i = 0; i < 100; ++i)
    run.phase.recorded.on_sent(0, 1'500'000'000);
  EXPECT_EQ(run.judged().invalid_reasons.size(), 2u);
}

TEST(verdict, a_target_that_ends_its_connections_is_invalid) {
  good_run run;
  run.phase.recorded.counts.reconnects = 10;
  EXPECT_TRUE(run.judged().is_valid());
  run.phase.recorded.counts.reconnects = 11;
  expect_invalid(run.judged(), "the target ended 11 connections, one for each 90.9 answers", false);
}

TEST(verdict, a_rate_beyond_the_harness_is_told_from_a_slow_target) {
  good_run run;
  run.phase.recorded.last_answer_ns = 3'000'000'000;
  run.spent.harness.at_ns = 3'000'000'000;
  run.spent.harness.cpu_ns = 2'900'000'000;
  expect_invalid(run.judged(), "busy 97 % of the time of its 1 thread: the rate is beyond", false);
  run.facts.threads = 2;
  EXPECT_TRUE(run.judged().is_valid());
}

TEST(verdict, a_closed_loop_that_the_harness_limits_says_so) {
  good_run run;
  run.facts.planned_s = 0;
  run.spent.harness.cpu_ns = 990'000'000;
  EXPECT_TRUE(run.judged().is_valid());
  ASSERT_EQ(run.judged().notes.size(), 1u);
  EXPECT_NE(run.judged().notes[0].find("may be its limit"), std::string::npos);
}

TEST(verdict, what_the_harness_could_not_open_is_its_own_fault) {
  good_run run;
  run.phase.recorded.on_own_limit("cannot connect to h: Too many open files");
  expect_invalid(run.judged(), "no fault of the target: cannot connect to h: Too many open", false);
  run.facts.connections_opened = 3;
  run.facts.open_failure = "Too many open files";
  expect_invalid(run.judged(), "3 of 4 connections could be opened: Too many open files", false);
}

TEST(verdict, one_cpu_for_harness_and_target_is_invalid) {
  good_run run;
  run.facts.shared_cpu = 1;
  expect_invalid(run.judged(), "harness and target are both pinned to CPU 1", false);
}

TEST(verdict, silence_and_interruption_are_invalid) {
  good_run run;
  run.facts.was_interrupted = true;
  expect_invalid(run.judged(), "interrupted", false);
  EXPECT_FALSE(judge(phase_result{}, cost{}, run_facts{}).is_valid());
}

}  // namespace
}  // namespace tacit::bench
