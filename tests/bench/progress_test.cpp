#include "bench/progress.hpp"

#include <gtest/gtest.h>

namespace tacit::bench {
namespace {

timeline_row row_of(std::int64_t second, std::uint64_t answered) {
  timeline_row out;
  out.second = second;
  out.sent = out.answered = answered;
  return out;
}

TEST(live_board, adds_the_threads_up_and_gives_each_second_once) {
  live_board board;
  for (int thread = 0; thread < 3; ++thread) {
    board.on_second(row_of(0, 10));
    board.on_second(row_of(1, 20));
  }
  const auto first = board.take_before(1);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].answered, 30u);
  EXPECT_TRUE(board.take_before(1).empty());
  EXPECT_EQ(board.take_before(2).at(0).answered, 60u);
}

TEST(live_board, forgets_the_oldest_seconds_when_nobody_looks) {
  live_board board;
  for (std::int64_t second = 0; second < 10'000; ++second)
    board.on_second(row_of(second, 1));
  const auto rows = board.take_before(10'000);
  EXPECT_EQ(rows.size(), 600u);
  EXPECT_EQ(rows.back().second, 9'999);
}

TEST(timeline, tells_its_watcher_of_a_second_when_the_next_one_has_begun) {
  live_board board;
  timeline seconds;
  seconds.begin(1'000, &board);
  seconds.on_sent(1'500, 0);
  seconds.on_answer(2'000, 7'000);
  seconds.tick(500'000'000);
  EXPECT_TRUE(board.take_before(10).empty());
  seconds.tick(1'000'001'000);
  const auto rows = board.take_before(10);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].second, 0);
  EXPECT_EQ(rows[0].answered, 1u);
  seconds.finish();
  EXPECT_TRUE(board.take_before(10).empty());
}

TEST(progress_line, has_rate_p99_errors_lag_and_a_sparkline) {
  timeline seconds;
  live_board board;
  seconds.begin(0, &board);
  seconds.on_sent(1, 250'000);
  for (int i = 0; i < 100; ++i)
    seconds.on_answer(2, 3'000'000);
  seconds.on_error(3);
  seconds.finish();
  progress_line line;
  for (const auto& row : board.take_before(1))
    line.add(row);
  EXPECT_EQ(line.take(true).substr(0, 31), "1 s  100/s  p99 3.000 ms  error");
  line.add(row_of(1, 50));
  line.add(row_of(2, 0));
  const auto text = line.take(false);
  EXPECT_TRUE(text.starts_with("3 s  25/s  p99 -  errors 1  lag 0.000 ms  ")) << text;
  EXPECT_TRUE(text.ends_with("█▅▁")) << text;
  EXPECT_EQ(line.take(true), "");
}

TEST(progress_line, draws_no_more_than_the_last_seconds) {
  progress_line line;
  for (std::int64_t second = 0; second < 1'000; ++second)
    line.add(row_of(second, 5));
  const auto text = line.take(false);
  EXPECT_EQ(text.substr(text.rfind(' ') + 1).size(), progress_line::bars_max * 3) << text;
}

}  // namespace
}  // namespace tacit::bench
