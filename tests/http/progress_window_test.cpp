#include "http/progress_window.hpp"

#include <gtest/gtest.h>

namespace tacit::http {
namespace {

using namespace std::chrono_literals;

TEST(progress_window, a_peer_that_keeps_the_rate_may_take_for_ever) {
  progress_window window(10s, 100);
  for (int i = 0; i < 100; ++i) {
    window.waited(9s, 1000);
    ASSERT_FALSE(window.is_too_slow()) << i;
  }
}

TEST(progress_window, a_window_that_brought_less_than_it_owes_is_too_slow) {
  progress_window window(10s, 100);
  for (int i = 0; i < 9; ++i)
    window.waited(1s, 100);
  EXPECT_FALSE(window.is_too_slow());
  window.waited(1s, 99);
  EXPECT_TRUE(window.is_too_slow());
}

TEST(progress_window, without_a_rate_one_byte_will_do) {
  progress_window window(10s, 0);
  window.waited(9s, 1);
  window.waited(9s, 0);
  EXPECT_FALSE(window.is_too_slow());
  window.waited(1s, 0);
  EXPECT_TRUE(window.is_too_slow());
}

TEST(progress_window, the_next_wait_ends_with_the_window_in_a_few_steps) {
  progress_window window(8s, 100);
  EXPECT_EQ(window.patience(), 8s);
  window.waited(1ms, 1);
  EXPECT_EQ(window.patience(), 8s);
  window.waited(5s, 1);
  EXPECT_EQ(window.patience(), 3s);
  window.waited(2900ms, 1);
  EXPECT_EQ(window.patience(), 1s);
}

}  // namespace
}  // namespace tacit::http
