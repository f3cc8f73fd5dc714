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

TEST(connection_set, draining_stops_the_idle_and_leaves_the_busy_alone) {
  connection_set set;
  watched_stream idle_peer, busy_peer;
  connection_set::entry idle(set, idle_peer), busy(set, busy_peer);
  idle.set_idle();
  busy.set_idle();
  busy.set_busy();
  EXPECT_FALSE(idle_peer.stopped);
  set.drain();
  EXPECT_TRUE(idle_peer.stopped);
  EXPECT_FALSE(busy_peer.stopped);
  EXPECT_TRUE(set.is_draining());
  busy.set_idle();
  EXPECT_TRUE(busy_peer.stopped) << "it became idle while the server drains";
}

TEST(connection_set, cutting_ends_all_that_are_left) {
  connection_set set;
  watched_stream peer;
  std::optional<connection_set::entry> one;
  one.emplace(set, peer);
  EXPECT_FALSE(set.wait_until_empty(std::chrono::nanoseconds(0)));
  EXPECT_EQ(set.cut(), 1U);
  EXPECT_TRUE(peer.aborted);
  EXPECT_FALSE(set.wait_until_empty(std::chrono::hours(1))) << "a cut ends the waiting";
  one.reset();
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
