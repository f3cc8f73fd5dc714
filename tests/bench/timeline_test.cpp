#include "bench/timeline.hpp"

#include <gtest/gtest.h>

namespace tacit::bench {
namespace {

constexpr std::int64_t s = 1'000'000'000;

TEST(timeline, records_nothing_before_it_begins) {
  timeline t;
  t.on_sent(5, 1);
  t.on_answer(6, 1);
  t.finish();
  EXPECT_TRUE(t.rows().empty());
}

TEST(timeline, splits_a_run_by_seconds_from_its_origin) {
  timeline t;
  t.begin(10 * s);
  t.on_sent(10 * s, 3);
  t.on_answer(11 * s - 1, 500);
  t.on_answer(11 * s, 700);
  t.on_error(14 * s);
  t.finish();
  ASSERT_EQ(t.rows().size(), 3u);
  EXPECT_EQ(t.rows()[0].sent, 1u);
  EXPECT_EQ(t.rows()[0].answered, 1u);
  EXPECT_EQ(t.rows()[0].lag_ns_max, 3u);
  EXPECT_EQ(t.rows()[0].latency_ns_max, 500u);
  EXPECT_EQ(t.rows()[1].latency_ns_max, 700u);
  EXPECT_EQ(t.rows()[2].second, 4);
  EXPECT_EQ(t.rows()[2].errors, 1u);
}

TEST(timeline, seconds_add_up_to_what_was_recorded) {
  timeline even;
  timeline odd;
  observe::histogram whole;
  even.begin(0);
  odd.begin(0);
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const auto latency = static_cast<std::uint64_t>(i * i % 90'000'000);
    (i % 2 == 0 ? even : odd).on_answer(i * s / 4'000, latency);
    whole.record(latency);
  }
  const std::uint64_t beyond = 4'000'000'000'000;
  odd.on_answer(6 * s, beyond);
  whole.record(beyond);
  even.finish();
  odd.finish();
  even.merge(odd);
  EXPECT_EQ(even.rows().size(), 6u);
  observe::histogram sum;
  for (const auto& row : even.rows())
    row.add_latency_to(sum);
  EXPECT_EQ(sum.count(), 20'001u);
  EXPECT_EQ(sum.max(), beyond);
  for (const double percentile : {0.0, 10.0, 50.0, 99.0, 99.99, 100.0})
    EXPECT_EQ(sum.at_percentile(percentile), whole.at_percentile(percentile)) << percentile;
}

TEST(timeline, csv_has_a_line_for_every_second) {
  timeline t;
  t.begin(0);
  t.on_sent(0, 1'000);
  t.on_answer(1, 2'000);
  t.on_error(2 * s);
  t.finish();
  EXPECT_EQ(to_csv(t),
            "second,sent,answered,errors,p50_us,p90_us,p99_us,p99_9_us,max_us,lag_max_us\n"
            "0,1,1,0,2.0,2.0,2.0,2.0,2.0,1.0\n"
            "1,0,0,0,,,,,,\n"
            "2,0,0,1,,,,,,0.0\n");
}

}  // namespace
}  // namespace tacit::bench
