#include <tacit/memory/frame_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace tacit::memory {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t slab_bytes = 64 * 1024;
constexpr std::size_t everything = ~std::size_t{0};
// What one pool keeps for itself: the slab in use of the one size class, and the empty ones.
constexpr std::size_t kept_bytes = (1 + frame_pool::empty_slabs_max) * slab_bytes;

// Later than anything that has been freed.
base::steady_time later() {
  return std::chrono::steady_clock::now() + 1h;
}

std::vector<void*> make_frames(std::size_t count) {
  std::vector<void*> frames(count);
  for (auto& each : frames) {
    each = frame_pool::allocate(150);
    std::memset(each, 1, 150);
  }
  return frames;
}

void free_frames(const std::vector<void*>& frames) {
  for (void* each : frames)
    frame_pool::deallocate(each);
}

// Each test starts with nothing idle.
class frame_trim : public ::testing::Test {
 protected:
  frame_trim() {
    frame_pool::trim(later(), 0s, everything);
    before_ = frame_pool::statistics();
  }
  frame_pool pool_;
  frame_pool::binding bound_{&pool_};
  frame_statistics before_;
};

TEST_F(frame_trim, a_million_frames_give_their_memory_back) {
  constexpr std::size_t frames = 1'000'000;
  auto made = make_frames(frames);
  const auto full = frame_pool::statistics();
  EXPECT_EQ(full.live_frames - before_.live_frames, frames);
  EXPECT_EQ(full.live_bytes - before_.live_bytes, frames * 256);
  EXPECT_LE(full.slab_bytes - before_.slab_bytes, frames * 258);
  std::shuffle(made.begin(), made.end(), std::mt19937(1));
  free_frames(made);
  EXPECT_EQ(frame_pool::statistics().live_frames, before_.live_frames);
  EXPECT_LE(frame_pool::statistics().slab_bytes - before_.slab_bytes, kept_bytes);
  EXPECT_GE(frame_pool::trim(later(), 0s, everything),
            full.slab_bytes - before_.slab_bytes - kept_bytes);
  EXPECT_EQ(frame_pool::statistics().idle_bytes, 0U);
}

TEST_F(frame_trim, frames_that_others_free_give_their_memory_back_too) {
  const auto made = make_frames(100'000);
  std::thread([&] {
    frame_pool other;
    const frame_pool::binding elsewhere(&other);
    free_frames(made);
  }).join();
  frame_pool::flush_strays();
  EXPECT_EQ(frame_pool::statistics().live_frames, before_.live_frames);
  EXPECT_LE(frame_pool::statistics().slab_bytes - before_.slab_bytes, kept_bytes);
}

TEST_F(frame_trim, leaves_what_was_used_within_the_delay) {
  free_frames(make_frames(10'000));
  const auto idle = frame_pool::statistics().idle_bytes;
  ASSERT_GT(idle, 0U);
  EXPECT_EQ(frame_pool::trim(std::chrono::steady_clock::now(), 1h, everything), 0U);
  EXPECT_EQ(frame_pool::statistics().idle_bytes, idle);
}

TEST_F(frame_trim, returns_no_more_than_it_is_told_to) {
  free_frames(make_frames(10'000));
  const auto idle = frame_pool::statistics().idle_bytes;
  EXPECT_EQ(frame_pool::trim(later(), 0s, slab_bytes - 1), 0U);
  EXPECT_EQ(frame_pool::trim(later(), 0s, 2 * slab_bytes + 1), 2 * slab_bytes);
  EXPECT_EQ(frame_pool::statistics().idle_bytes, idle - 2 * slab_bytes);
}

TEST_F(frame_trim, what_was_returned_is_used_before_new_memory_is_asked_for) {
  const auto total = [] {
    const auto now = frame_pool::statistics();
    return now.slab_bytes + now.idle_bytes + now.returned_bytes;
  };
  free_frames(make_frames(50'000));
  frame_pool::trim(later(), 0s, everything);
  const auto asked_for = total();
  const auto again = make_frames(50'000);
  EXPECT_EQ(total(), asked_for);
  free_frames(again);
}

TEST_F(frame_trim, a_pool_that_ends_keeps_nothing) {
  {
    frame_pool brief;
    const frame_pool::binding bound(&brief);
    free_frames(make_frames(1000));
  }
  EXPECT_EQ(frame_pool::statistics().slab_bytes, before_.slab_bytes);
}

TEST_F(frame_trim, the_last_frame_of_a_pool_that_ended_gives_its_slab_back) {
  std::vector<void*> frames;
  {
    frame_pool brief;
    const frame_pool::binding bound(&brief);
    frames = make_frames(2);
  }
  EXPECT_EQ(frame_pool::statistics().slab_bytes, before_.slab_bytes + slab_bytes);
  frame_pool::deallocate(frames[0]);
  EXPECT_EQ(frame_pool::statistics().slab_bytes, before_.slab_bytes + slab_bytes);
  std::thread([&] { frame_pool::deallocate(frames[1]); }).join();
  frame_pool::flush_strays();
  EXPECT_EQ(frame_pool::statistics().slab_bytes, before_.slab_bytes);
}

}  // namespace
}  // namespace tacit::memory
