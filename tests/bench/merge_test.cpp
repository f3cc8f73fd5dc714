#include "bench/merge.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

#include "bench/clock_probe.hpp"
#include "bench/results.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Part `index` of a run of 3 at one request per second and part; latencies are (index + 1) ms.
outcome part_outcome(unsigned index) {
  outcome out;
  out.phase.start_unix_s = 1'000;
  auto& recorded = out.phase.recorded;
  recorded.begin(0);
  for (std::int64_t second = 0; second < 4; ++second) {
    const auto due = second * second_ns;
    recorded.on_sent(due, 100);
    recorded.on_answer({"GET / HTTP/1.1\r\n", false, {}}, {200, 2, true},
                       {due, due, due + (index + 1) * 1'000'000});
  }
  recorded.finish();
  recorded.counts.due = recorded.counts.sent = 4;
  out.facts = {2, 2, 0, false};
  return out;
}

run_plan part_plan(unsigned index) {
  return {"http://h/", "3 requests/s constant", {index, 3}, 1'000.0, {}};
}

stored_run part(const support::temporary_folder& folder, const outcome& result,
                const run_plan& plan) {
  const auto path = folder.file("part" + std::to_string(plan.part.index) + ".json");
  output_paths outputs;
  outputs.json = path;
  write_results(result, {"run", plan.target, plan.pace}, plan, {}, outputs);
  return read_stored_run(path);
}

std::vector<stored_run> three_parts(const support::temporary_folder& folder) {
  std::vector<stored_run> out;
  for (unsigned i = 0; i < 3; ++i)
    out.push_back(part(folder, part_outcome(i), part_plan(i)));
  return out;
}

std::string message_of(const std::vector<stored_run>& parts) {
  try {
    (void)merge_runs(parts);
  } catch (const base::failure& failure) {
    return failure.message;
  }
  return {};
}

TEST(stored_run, is_read_again_as_it_was) {
  const support::temporary_folder folder;
  auto run = part_outcome(1);
  run.spent.over_time = {{0, 5, 7}, {second_ns, 1'000, 9}};
  run.spent.harness.at_ns = 4 * second_ns;
  run.spent.harness.cpu_ns = 8'000;
  run.judged.invalid_reasons.push_back({"the harness sent late", true});
  const auto again = restored(part(folder, run, part_plan(1)));
  EXPECT_EQ(again.phase.recorded.counts.answered, 4u);
  EXPECT_EQ(again.phase.recorded.latency().max(), 2'000'000u);
  EXPECT_EQ(again.phase.recorded.latency().min(), 2'000'000u);
  EXPECT_EQ(again.phase.recorded.seconds().rows().size(), 4u);
  EXPECT_EQ(again.phase.recorded.seconds().rows()[2].latency_ns_max, 2'000'000u);
  EXPECT_NEAR(again.phase.rate_per_s(), run.phase.rate_per_s(), 1e-6);
  EXPECT_EQ(again.spent.harness.cpu_ns, 8'000);
  ASSERT_EQ(again.spent.over_time.size(), 2u);
  EXPECT_EQ(again.spent.over_time[1].rss_bytes, 9u);
  EXPECT_FALSE(again.judged.is_valid());
}

TEST(stored_run, of_something_else_is_refused_with_its_name) {
  const support::temporary_folder folder;
  for (const char* text : {"{}", "[1]", "nonsense", R"({"recording":{},"plan":{}})"}) {
    const auto path = folder.write("other.json", text);
    try {
      (void)read_stored_run(path);
      FAIL() << text;
    } catch (const base::failure& failure) {
      EXPECT_TRUE(failure.message.starts_with(path)) << failure.message;
    }
  }
}

TEST(merge, adds_histograms_counts_and_seconds) {
  const support::temporary_folder folder;
  const auto whole = merge_runs(three_parts(folder));
  const auto& recorded = whole.result.phase.recorded;
  EXPECT_EQ(recorded.counts.sent, 12u);
  EXPECT_EQ(recorded.latency().count(), 12u);
  EXPECT_EQ(recorded.latency().max(), 3'000'000u);
  EXPECT_NEAR(static_cast<double>(recorded.latency().at_percentile(50)), 2e6, 2e3);
  ASSERT_EQ(recorded.seconds().rows().size(), 4u);
  EXPECT_EQ(recorded.seconds().rows()[3].answered, 3u);
  EXPECT_EQ(whole.result.facts.connections_opened, 6u);
  EXPECT_TRUE(whole.result.judged.is_valid());
  EXPECT_TRUE(whole.plan.is_whole());
  EXPECT_NE(whole.clocks.find("is not known"), std::string::npos) << whole.clocks;
}

TEST(merge, moves_seconds_to_those_of_the_wall_clock_and_calls_it_invalid) {
  const support::temporary_folder folder;
  auto parts = three_parts(folder);
  auto late = part_outcome(2);
  late.phase.start_unix_s += 2;
  parts[2] = part(folder, late, part_plan(2));
  const auto whole = merge_runs(parts);
  EXPECT_EQ(whole.result.phase.recorded.seconds().rows().size(), 6u);
  ASSERT_EQ(whole.result.judged.invalid_reasons.size(), 1u);
  EXPECT_EQ(whole.result.judged.invalid_reasons[0].text, "the parts began 2.0 s apart");
}

TEST(merge, bounds_how_far_the_clocks_were_apart) {
  const support::temporary_folder folder;
  std::vector<stored_run> parts;
  for (unsigned i = 0; i < 3; ++i) {
    auto plan = part_plan(i);
    plan.target_clock = clock_offset{i * 0.4, i * 0.4 + 0.02};
    parts.push_back(part(folder, part_outcome(i), plan));
  }
  const auto whole = merge_runs(parts);
  EXPECT_NE(whole.clocks.find("at most 820 ms apart"), std::string::npos) << whole.clocks;
  ASSERT_EQ(whole.result.judged.invalid_reasons.size(), 1u);
  EXPECT_EQ(whole.result.judged.invalid_reasons[0].text,
            "the clocks of the parts are at least 0.8 s apart");
}

TEST(merge, names_the_part_that_is_missing_and_the_one_that_is_invalid) {
  const support::temporary_folder folder;
  auto parts = three_parts(folder);
  auto invalid = part_outcome(2);
  invalid.judged.invalid_reasons.push_back({"late"});
  parts[2] = part(folder, invalid, part_plan(2));
  parts.erase(parts.begin());
  const auto whole = merge_runs(parts);
  ASSERT_EQ(whole.result.judged.invalid_reasons.size(), 2u);
  EXPECT_EQ(whole.result.judged.invalid_reasons[0].text, "part 2: late");
  EXPECT_EQ(whole.result.judged.invalid_reasons[1].text, "of 3 parts these are missing: 0");
}

TEST(merge, refuses_other_schedules_one_part_twice_and_whole_runs) {
  const support::temporary_folder folder;
  auto parts = three_parts(folder);
  parts[1].plan.pace = "4 requests/s constant";
  EXPECT_NE(message_of(parts).find("parts of different runs"), std::string::npos);
  parts = three_parts(folder);
  parts[1] = parts[2];
  EXPECT_NE(message_of(parts).find("both are part 2 of 3"), std::string::npos);
  parts[0].plan.part = {};
  EXPECT_NE(message_of(parts).find("a whole run, not a part"), std::string::npos);
}

TEST(clock_bounds, narrow_to_the_gap_around_the_change_of_a_second) {
  clock_bounds bounds;
  EXPECT_FALSE(bounds.result());
  // The other clock is 0.25 s ahead: it says 10 until ours says 10.75.
  for (double ours = 10; ours < 11.5; ours += 0.02) {
    bounds.add(static_cast<double>(static_cast<int>(ours + 0.251)), ours, ours + 0.001);
  }
  ASSERT_TRUE(bounds.result());
  EXPECT_LE(bounds.result()->low_s, 0.25);
  EXPECT_GE(bounds.result()->high_s, 0.25);
  EXPECT_LT(bounds.result()->high_s - bounds.result()->low_s, 0.025);
  bounds.add(20, 10, 10.001);
  EXPECT_FALSE(bounds.result());
}

TEST(http_date, is_read_in_its_preferred_form_only) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_FALSE(parse_http_date("Sun Nov  6 08:49:37 1994"));
  EXPECT_FALSE(parse_http_date(""));
}

}  // namespace
}  // namespace tacit::bench
