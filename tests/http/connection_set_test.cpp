#include "http/connection_set.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace tacit::http {
namespace {

struct watched_stream final : io::stream {
  bool stopped = false;
  bool aborted = false;
  io::transfer try_write(std::span<const io::const_buffer>) override { return {}; }
  void stop_reading() noexcept override { stopped = true; }
  void finish_writing() noexcept override {}
  void abort() noexcept override { aborted = true; }
  bool start_read(std::span<char>, duration, io::completion&) override { return true; }
  bool start_write(std::span<const io::const_buffer>, duration, io::completion&) override {
    return true;
  }
};

TEST(connection_set, draining_leaves_the_idle_open_until_they_are_closed) {
  connection_set set;
  watched_stream idle_peer, busy_peer;
  connection_set::entry idle(set, idle_peer), busy(set, busy_peer);
  idle.set_idle();
  busy.set_idle();
  busy.set(activity::handling);
  set.drain();
  EXPECT_TRUE(set.is_draining());
  EXPECT_FALSE(idle_peer.stopped);
  set.close_idle();
  EXPECT_TRUE(idle_peer.stopped);
  EXPECT_TRUE(idle.is_stopped());
  EXPECT_FALSE(busy_peer.stopped);
  busy.set_idle();
  EXPECT_TRUE(busy_peer.stopped) << "it became idle while idle ones are closed";
}

TEST(connection_set, cutting_ends_all_that_are_left_and_counts_those_under_way) {
  connection_set set;
  watched_stream idle_peer, busy_peer, done_peer, late_peer;
  std::optional<connection_set::entry> idle, busy, done, late;
  idle.emplace(set, idle_peer);
  idle->set_idle();
  busy.emplace(set, busy_peer);
  busy->set(activity::reading_body);
  done.emplace(set, done_peer);
  done->set(activity::lingering);
  EXPECT_FALSE(set.wait_until_empty(std::chrono::nanoseconds(0)));
  EXPECT_FALSE(set.wait_for_cut(std::chrono::nanoseconds(0)));
  EXPECT_EQ(set.cut(), 1U);
  EXPECT_EQ(set.cut_under_way(), 1U);
  EXPECT_TRUE(idle_peer.aborted && busy_peer.aborted && done_peer.aborted);
  late.emplace(set, late_peer);
  EXPECT_TRUE(late_peer.aborted) << "it came after the cut";
  EXPECT_TRUE(set.wait_for_cut(std::chrono::hours(1)));
  EXPECT_FALSE(set.wait_until_empty(std::chrono::hours(1))) << "a cut ends the waiting";
  for (auto* each : {&idle, &busy, &done, &late})
    each->reset();
  EXPECT_TRUE(set.wait_until_empty(std::chrono::hours(1)));
}

TEST(connection_set, waiting_ends_when_the_last_one_leaves) {
  connection_set set;
  watched_stream peer;
  std::optional<connection_set::entry> one;
  one.emplace(set, peer);
  std::thread leaves([&] { one.reset(); });
  EXPECT_TRUE(set.wait_until_empty(std::chrono::hours(1)));
  leaves.join();
  EXPECT_EQ(set.size(), 0U);
}

}  // namespace
}  // namespace tacit::http
