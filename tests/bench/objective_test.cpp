#include "bench/objective.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

phase_result hundred_answers() {
  phase_result out;
  for (int i = 1; i <= 100; ++i)
    out.recorded.on_answer({}, {200, 0, true}, {0, 0, i * 1'000'000});
  out.recorded.counts.due = 100;
  out.end_ns = 100'000'000;
  return out;
}

bool is_met(const std::string& text, const phase_result& run) {
  return judge_objectives({parse_objective(text)}, run).front().is_met;
}

TEST(objective, is_about_percentiles_maximum_mean_rate_and_errors) {
  const auto run = hundred_answers();
  EXPECT_TRUE(is_met("p50<51ms", run));
  EXPECT_FALSE(is_met("p50<49ms", run));
  EXPECT_TRUE(is_met("p99.9<=0.101s", run));
  EXPECT_TRUE(is_met("max<=100000us", run));
  EXPECT_FALSE(is_met("max<100ms", run));
  EXPECT_TRUE(is_met("mean>50ms", run));
  EXPECT_TRUE(is_met("rate>=1000", run));
  EXPECT_FALSE(is_met("rate>1000", run));
  EXPECT_TRUE(is_met("errors<0.1%", run));
}

TEST(objective, errors_are_a_share_of_what_was_due) {
  auto run = hundred_answers();
  run.recorded.on_connect_failure("refused", 0);
  EXPECT_FALSE(is_met("errors<1%", run));
  EXPECT_TRUE(is_met("errors<=0.01", run));
}

TEST(objective, without_an_answer_no_latency_is_met) {
  EXPECT_FALSE(is_met("p99<5ms", {}));
  EXPECT_TRUE(is_met("errors<=0", {}));
}

TEST(objective, says_what_came_of_it) {
  const auto results = judge_objectives({parse_objective("p50<20ms")}, hundred_answers());
  EXPECT_EQ(results[0].sentence(), "p50<20ms: 50.004 ms, MISSED");
}

TEST(objective, what_is_none_is_refused) {
  for (const auto* text :
       {"", "p99", "p99=5ms", "p99<5", "p101<5ms", "p<5ms", "q99<5ms", "rate<5ms", "errors<5ms",
        "p99<-5ms", "p99<5ms ", "p99<nanms", "p9 9<5ms"})
    EXPECT_THROW((void)parse_objective(text), base::failure) << text;
}

}  // namespace
}  // namespace tacit::bench
