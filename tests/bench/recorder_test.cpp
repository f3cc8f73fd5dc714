#include "bench/recorder.hpp"

#include <gtest/gtest.h>

namespace tacit::bench {
namespace {

request asking(std::optional<int> status, std::optional<std::uint64_t> bytes) {
  return {"GET /page HTTP/1.1\r\n\r\n", false, {status, bytes}};
}

TEST(recorder, keeps_latency_from_the_due_time_beside_service_time) {
  recorder r;
  r.on_answer(asking({}, {}), {200, 10, true}, {1'000, 5'000, 6'000});
  EXPECT_EQ(r.latency().max(), 5'000u);
  EXPECT_EQ(r.service_time().max(), 1'000u);
  EXPECT_EQ(r.counts.answered, 1u);
  EXPECT_EQ(r.counts.body_bytes, 10u);
  EXPECT_EQ(r.counts.status_classes[2], 1u);
  EXPECT_EQ(r.counts.errors_total(), 0u);
}

TEST(recorder, what_is_recorded_apart_is_counted_and_in_no_other_latency) {
  recorder r;
  auto apart = asking({}, {});
  apart.is_apart = true;
  r.on_answer(apart, {200, 10, true}, {0, 4'000, 9'000});
  r.on_answer(asking({}, {}), {200, 10, true}, {0, 0, 1'000});
  recorder sum;
  sum.merge(r);
  EXPECT_EQ(sum.counts.answered, 2u);
  EXPECT_EQ(sum.latency().max(), 1'000u);
  EXPECT_EQ(sum.service_time().max(), 1'000u);
  EXPECT_EQ(sum.latency_apart().count(), 1u);
  EXPECT_GE(sum.latency_apart().max(), 9'000u);
}

TEST(recorder, names_a_wrong_status_and_a_wrong_length) {
  recorder r;
  r.on_answer(asking(200, 10), {404, 10, true}, {0, 0, 1});
  r.on_answer(asking(200, 10), {200, 11, true}, {0, 0, 1});
  r.on_answer(asking(200, 10), {200, 10, true}, {0, 0, 1});
  EXPECT_EQ(r.counts.errors[static_cast<std::size_t>(error_kind::status_mismatch)], 1u);
  EXPECT_EQ(r.counts.errors[static_cast<std::size_t>(error_kind::length_mismatch)], 1u);
  ASSERT_EQ(r.examples().size(), 2u);
  EXPECT_EQ(r.examples()[0], "GET /page: expected status 200, got 404");
  EXPECT_EQ(r.examples()[1], "GET /page: expected 10 body bytes, got 11");
  EXPECT_EQ(r.counts.answered, 3u);
}

TEST(recorder, failures_are_counted_and_are_not_latencies) {
  recorder r;
  const auto asked = asking({}, {});
  r.on_failure(error_kind::reset, &asked, "Connection reset by peer", 0);
  r.on_connect_failure("cannot connect", 0);
  EXPECT_EQ(r.counts.failed, 1u);
  EXPECT_EQ(r.counts.errors_total(), 2u);
  EXPECT_EQ(r.latency().count(), 0u);
  EXPECT_EQ(r.examples()[0], "GET /page: reset: Connection reset by peer");
}

TEST(recorder, describes_the_first_errors_and_counts_all) {
  recorder r;
  const auto asked = asking({}, {});
  for (int i = 0; i < 1'000; ++i)
    r.on_failure(error_kind::timeout, &asked, "late", 0);
  EXPECT_EQ(r.counts.errors_total(), 1'000u);
  EXPECT_LT(r.examples().size(), 20u);
}

TEST(recorder, merging_adds_up) {
  recorder a;
  recorder b;
  a.on_answer(asking({}, {}), {200, 1, true}, {0, 0, 100});
  b.on_answer(asking({}, {}), {500, 2, true}, {0, 0, 300});
  b.on_sent(0, 7);
  b.longest_silence_ns = 9;
  a.merge(b);
  EXPECT_EQ(a.counts.answered, 2u);
  EXPECT_EQ(a.counts.body_bytes, 3u);
  EXPECT_EQ(a.latency().max(), 300u);
  EXPECT_EQ(a.schedule_lag().count(), 1u);
  EXPECT_EQ(a.last_answer_ns, 300);
  EXPECT_EQ(a.longest_silence_ns, 9);
}

}  // namespace
}  // namespace tacit::bench
