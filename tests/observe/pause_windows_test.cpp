#include "observe/pause_windows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace tacit::observe {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

base::steady_time at(std::int64_t ms) {
  return base::steady_time(milliseconds(ms));
}

pause from_to(std::int64_t begin_ms, std::int64_t end_ms) {
  return {at(begin_ms), milliseconds(end_ms - begin_ms), pause_cause::handler};
}

TEST(utilisation, is_whole_without_pauses) {
  EXPECT_EQ(minimum_utilisation({}, milliseconds(10)), 1.0);
}

TEST(utilisation, is_nothing_within_a_longer_pause) {
  EXPECT_EQ(minimum_utilisation(covered(std::vector{from_to(5, 25)}), milliseconds(10)), 0.0);
}

TEST(utilisation, counts_pauses_that_one_window_covers) {
  const auto spans = covered(std::vector{from_to(0, 2), from_to(6, 9), from_to(30, 34)});
  EXPECT_DOUBLE_EQ(minimum_utilisation(spans, milliseconds(10)), 0.5);
  EXPECT_DOUBLE_EQ(minimum_utilisation(spans, milliseconds(100)), 0.91);
}

TEST(utilisation, counts_time_in_two_pauses_once) {
  const auto spans = covered(std::vector{from_to(3, 6), from_to(0, 4)});
  EXPECT_DOUBLE_EQ(minimum_utilisation(spans, milliseconds(10)), 0.4);
}

// Against every window that begins or ends on a millisecond.
TEST(utilisation_property, is_that_of_the_worst_window) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<pause> pauses;
    std::vector<bool> paused(400, false);
    const std::uint64_t count = random() % 12;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto begin = static_cast<std::int64_t>(100 + random() % 150);
      const auto end = begin + 1 + static_cast<std::int64_t>(random() % 20);
      pauses.push_back(from_to(begin, end));
      std::fill(paused.begin() + begin, paused.begin() + end, true);
    }
    const auto window = static_cast<std::int64_t>(1 + random() % 60);
    std::int64_t most = 0;
    for (std::int64_t from = 0; from + window <= 400; ++from)
      most = std::max<std::int64_t>(
          most, std::count(paused.begin() + from, paused.begin() + from + window, true));
    EXPECT_DOUBLE_EQ(minimum_utilisation(covered(pauses), milliseconds(window)),
                     1.0 - static_cast<double>(most) / static_cast<double>(window));
  }
}

pause_record two_workers(std::vector<pause> first, std::vector<pause> second) {
  pause_record record;
  record.workers = 2;
  record.of.resize(2);
  record.of[0].recent = std::move(first);
  record.of[1].recent = std::move(second);
  return record;
}

TEST(all_at_once, is_when_every_worker_is_in_a_pause) {
  const auto found = all_at_once(
      two_workers({from_to(0, 10), from_to(20, 30)}, {from_to(5, 22), from_to(40, 50)}));
  ASSERT_EQ(found.spans.size(), 2U);
  EXPECT_EQ(found.spans[0].begin, at(5));
  EXPECT_EQ(found.spans[0].end, at(10));
  EXPECT_EQ(found.spans[1].begin, at(20));
  EXPECT_EQ(found.spans[1].end, at(22));
  EXPECT_EQ(found.counts.count, 2U);
  EXPECT_EQ(found.counts.longest, milliseconds(5));
}

TEST(all_at_once, does_not_ask_spare_workers) {
  pause_record record = two_workers({from_to(0, 10)}, {from_to(0, 10)});
  record.of.resize(3);
  EXPECT_EQ(all_at_once(record).counts.count, 1U);
}

TEST(all_at_once, is_known_since_the_youngest_record_began) {
  pause_record record = two_workers({}, {});
  record.of[0].recent_since = at(3);
  record.of[1].recent_since = at(7);
  EXPECT_EQ(all_at_once(record).since, at(7));
}

TEST(overlap, is_the_part_of_a_pause_that_spans_cover) {
  const auto spans = covered(std::vector{from_to(0, 2), from_to(6, 9)});
  EXPECT_EQ(overlap(from_to(1, 8), spans), milliseconds(3));
}

}  // namespace
}  // namespace tacit::observe
