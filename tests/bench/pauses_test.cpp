#include "bench/pauses.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <random>

#include "bench/pause_explanation.hpp"
#include "bench/pauses_report.hpp"
#include "nanoseconds.hpp"

namespace tacit::bench {
namespace {

TEST(pause_figures, count_what_is_longer_than_each_bound) {
  const auto figures =
      figures_of({{0, ms / 10}, {ms, ms + ms / 10 + 1}, {2 * ms, 4 * ms}, {10 * ms, 30 * ms}},
                 {0, 1'000 * ms});
  EXPECT_EQ(figures.counts, (std::array<std::uint64_t, 3>{3, 2, 1}));
  EXPECT_EQ(figures.longest_ns, 20 * ms);
  EXPECT_EQ(figures.total_ns, ms / 10 + ms / 10 + 1 + 2 * ms + 20 * ms);
}

TEST(minimum_utilisation, is_one_without_pauses_and_unknown_in_a_shorter_run) {
  EXPECT_EQ(minimum_utilisation({}, {0, 100}, 10), 1.0);
  EXPECT_EQ(minimum_utilisation({}, {0, 100}, 101), std::nullopt);
}

TEST(minimum_utilisation, is_that_of_the_worst_window) {
  // The worst 10 are from 25 to 35: 3 of the first pause and 4 of the second one.
  EXPECT_DOUBLE_EQ(*minimum_utilisation({{22, 28}, {31, 35}}, {0, 100}, 10), 0.3);
  // A pause longer than the window leaves nothing.
  EXPECT_DOUBLE_EQ(*minimum_utilisation({{22, 40}}, {0, 100}, 10), 0.0);
  // At the ends of the run the window is inside of it.
  EXPECT_DOUBLE_EQ(*minimum_utilisation({{0, 2}, {99, 100}}, {0, 100}, 10), 0.8);
}

TEST(minimum_utilisation, equals_that_of_all_windows_tried_one_by_one) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 draw{seed};
  for (int trial = 0; trial < 200; ++trial) {
    const std::int64_t length = 50 + draw() % 200;
    const std::int64_t window = 1 + draw() % 60;
    std::vector<interval> pauses;
    for (std::int64_t at = draw() % 20; at < length; at += 1 + draw() % 40) {
      const auto end = std::min<std::int64_t>(at + 1 + draw() % 30, length);
      pauses.push_back({at, end});
      at = end;
    }
    std::int64_t most = 0;
    for (std::int64_t start = 0; start + window <= length; ++start) {
      std::int64_t paused = 0;
      for (const auto& one : pauses)
        paused += std::max<std::int64_t>(
            0, std::min(one.end_ns, start + window) - std::max(one.start_ns, start));
      most = std::max(most, paused);
    }
    const auto found = minimum_utilisation(pauses, {0, length}, window);
    if (window > length) {
      EXPECT_EQ(found, std::nullopt);
    } else {
      EXPECT_DOUBLE_EQ(*found, 1 - static_cast<double>(most) / static_cast<double>(window));
    }
  }
}

// ---- what they are explained by ----------------------------------------------------------------

pause_report report_with(std::vector<interval> pauses) {
  pause_report out;
  out.run = {0, 1'000 * ms};
  for (const auto& one : pauses)
    out.pauses.push_back({one, pause_scope::all, 4});
  return out;
}

TEST(explanation, is_what_overlaps_most) {
  auto report = report_with({{100 * ms, 105 * ms}, {200 * ms, 201 * ms}});
  explain(report, {{{103 * ms, 104 * ms}, "remark"}, {{99 * ms, 103 * ms}, "young"}}, "G1", 0);
  EXPECT_EQ(report.pauses[0].explained_by, "young 4.00 ms and 1 more");
  EXPECT_EQ(report.pauses[1].explained_by, "");
  EXPECT_EQ(report.log, "G1");
  EXPECT_EQ(report.explained, 1u);
}

TEST(explanation, leaves_the_measured_length_and_makes_no_pause) {
  auto report = report_with({{100 * ms, 105 * ms}});
  explain(report, {{{90 * ms, 120 * ms}, "young"}, {{500 * ms, 600 * ms}, "full"}}, "G1", 0);
  ASSERT_EQ(report.pauses.size(), 1u);
  EXPECT_EQ(report.pauses[0].when, (interval{100 * ms, 105 * ms}));
}

TEST(explanation, allows_for_the_slack_of_the_logs_clock) {
  auto report = report_with({{100 * ms, 105 * ms}});
  explain(report, {{{106 * ms, 111 * ms}, "young"}}, "G1", ms);
  EXPECT_EQ(report.explained, 0u);
  explain(report, {{{106 * ms, 111 * ms}, "young"}}, "G1", 2 * ms);
  EXPECT_EQ(report.explained, 1u);
}

TEST(explanation, is_not_sought_for_what_the_machine_did) {
  auto report = report_with({{100 * ms, 105 * ms}});
  report.pauses[0].origin = pause_origin::machine;
  explain(report, {{{100 * ms, 105 * ms}, "young"}}, "G1", 0);
  EXPECT_EQ(report.pauses[0].explained_by, "");
}

TEST(recorded_pauses, are_read_once_from_both_lists_of_the_server) {
  const auto found = recorded_pauses(
      R"({"recording": true, "longest": [{"begin_ns": 5, "length_ns": 7, "cause": "handler", "worker": 1},
          {"begin_ns": 50, "length_ns": 70, "cause": "lock", "worker": 0}],
          "recent": [{"begin_ns": 5, "length_ns": 7, "cause": "handler", "worker": 1}]})");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].when, (interval{5, 12}));
  EXPECT_EQ((*found)[0].what, "handler of worker 1");
}

TEST(recorded_pauses, are_unknown_where_nothing_is_recorded_or_it_is_no_tacit_server) {
  EXPECT_EQ(recorded_pauses(std::string{R"({"recording": false})"}), std::nullopt);
  EXPECT_EQ(recorded_pauses(std::string{"not found"}), std::nullopt);
  EXPECT_EQ(recorded_pauses(std::string{R"({"recording": true, "longest": [{}]})"}), std::nullopt);
}

// ---- what is said of them ----------------------------------------------------------------------

TEST(pause_report, says_in_json_what_a_pause_was) {
  auto report = report_with({{100 * ms, 105 * ms}});
  report.probes = 4;
  report.any = report.by_scope[0] = figures_of({{100 * ms, 105 * ms}}, report.run);
  report.pauses[0].about = {7 * ms, 0, 4 * ms, 0, ms, 2, 1, 3, 1, pause_cause::scheduled_out};
  const auto json = to_json(report, 90 * ms);
  EXPECT_EQ(json["any"]["counts"]["above_1_ms"], 1);
  EXPECT_EQ(json["scope"]["all"]["per_s"]["above_1_ms"], 1.0);
  EXPECT_EQ(json["any"]["paused_share"], 0.005);
  EXPECT_EQ(json["any"]["mmu"]["10_ms"], 0.5);
  const auto& one = json["pauses"][0];
  EXPECT_EQ(one["start_s"], 0.01);
  EXPECT_EQ(one["length_us"], 5'000.0);
  EXPECT_EQ(one["scope"], "all");
  EXPECT_EQ(one["cause"], "scheduled_out");
  EXPECT_EQ(one["scheduled_out_us"], 4'000.0);
  EXPECT_EQ(one["explained_by"], nullptr);
  EXPECT_EQ(describe(report.pauses[0], 90 * ms),
            "5.00 ms at 0.010 s, all stalled, scheduled out for 4.00 ms, 1 major faults");
}

TEST(pause_report, says_null_for_what_was_not_looked_at) {
  auto report = report_with({{100 * ms, 105 * ms}});
  const auto json = to_json(report, 0);
  EXPECT_EQ(json["pauses"][0]["cpu_us"], nullptr);
  EXPECT_EQ(json["pauses"][0]["cause"], "unknown");
  EXPECT_EQ(json["log"], nullptr);
}

}  // namespace
}  // namespace tacit::bench
