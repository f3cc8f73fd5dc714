#include <tacit/memory/frame_pool.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace tacit::memory {
namespace {

TEST(frame_pool, gives_a_freed_frame_of_the_same_class_again) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  void* first = frame_pool::allocate(100);
  frame_pool::deallocate(first);
  EXPECT_EQ(frame_pool::allocate(90), first);
  frame_pool::deallocate(first);
}

TEST(frame_pool, serves_a_thread_without_a_pool_from_the_heap) {
  void* frame = frame_pool::allocate(100);
  std::memset(frame, 1, 100);
  frame_pool::deallocate(frame);
}

TEST(frame_pool, serves_frames_above_the_largest_class) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  void* frame = frame_pool::allocate(frame_pool::largest_bytes + 1);
  std::memset(frame, 1, frame_pool::largest_bytes + 1);
  frame_pool::deallocate(frame);
}

TEST(frame_pool, a_frame_freed_on_another_thread_comes_home) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  void* frame = frame_pool::allocate(100);
  std::thread([frame] {
    frame_pool other;
    const frame_pool::binding elsewhere(&other);
    frame_pool::deallocate(frame);
    frame_pool::flush_strays();
  }).join();
  frame_pool::flush_strays();
  EXPECT_EQ(frame_pool::allocate(100), frame);
  frame_pool::deallocate(frame);
}

TEST(frame_pool, a_frame_may_outlive_its_pool) {
  void* frame = nullptr;
  void* second = nullptr;
  {
    frame_pool pool;
    const frame_pool::binding bound(&pool);
    frame = frame_pool::allocate(100);
    second = frame_pool::allocate(100);
  }
  std::memset(frame, 1, 100);
  frame_pool::deallocate(frame);
  std::thread([second] { frame_pool::deallocate(second); }).join();
}

TEST(frame_pool, frames_of_one_cache_line_or_more_begin_on_one) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  for (std::size_t bytes = 0; bytes <= frame_pool::largest_bytes; bytes += 40) {
    void* frame = frame_pool::allocate(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame) % 64, 0U) << bytes;
    frame_pool::deallocate(frame);
  }
}

TEST(frame_pool, the_frame_freed_last_is_taken_first) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  std::vector<void*> frames(20);
  for (auto& each : frames)
    each = frame_pool::allocate(100);
  for (void* each : frames)
    frame_pool::deallocate(each);
  for (auto each = frames.rbegin(); each != frames.rend(); ++each)
    EXPECT_EQ(frame_pool::allocate(100), *each);
  for (void* each : frames)
    frame_pool::deallocate(each);
}

// Every byte that was asked for belongs to one frame only, whatever the order.
TEST(frame_pool_property, frames_never_overlap) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  struct piece {
    unsigned char* at;
    std::size_t bytes;
    unsigned char mark;
  };
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  const auto before = frame_pool::statistics().live_frames;
  std::vector<piece> pieces;
  const auto free_last = [&] {
    const piece last = pieces.back();
    pieces.pop_back();
    for (std::size_t i = 0; i < last.bytes; ++i)
      ASSERT_EQ(last.at[i], last.mark);
    frame_pool::deallocate(last.at);
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t bytes = 1 + random() % (i % 16 == 0 ? 5000 : 500);
    const auto mark = static_cast<unsigned char>(random());
    pieces.push_back({static_cast<unsigned char*>(frame_pool::allocate(bytes)), bytes, mark});
    std::memset(pieces.back().at, mark, bytes);
    std::swap(pieces[random() % pieces.size()], pieces.back());
    if (random() % 3 == 0) free_last();
    if (i % 64 != 0) continue;
    ASSERT_EQ(frame_pool::statistics().live_frames - before, pieces.size());
  }
  while (!pieces.empty())
    free_last();
  EXPECT_EQ(frame_pool::statistics().live_frames, before);
}

// Frames wander between threads in random order while pools come and go. Sanitizers judge the rest.
TEST(frame_pool_stress, frames_wander_between_threads) {
  constexpr int threads = 4;
  constexpr int rounds = 2000;
  struct mailbox {
    std::mutex mutex;
    std::vector<unsigned char*> frames;
  };
  std::vector<mailbox> boxes(threads);
  const auto run = [&](int self) {
    std::mt19937 random(static_cast<unsigned>(self));
    auto pool = std::make_unique<frame_pool>();
    auto bound = std::make_unique<frame_pool::binding>(pool.get());
    for (int i = 0; i < rounds; ++i) {
      auto* frame = static_cast<unsigned char*>(frame_pool::allocate(1 + random() % 500));
      *frame = 1;
      auto& to = boxes[random() % threads];
      {
        const std::lock_guard lock(to.mutex);
        to.frames.push_back(frame);
      }
      std::vector<unsigned char*> mine;
      {
        const std::lock_guard lock(boxes[static_cast<std::size_t>(self)].mutex);
        mine.swap(boxes[static_cast<std::size_t>(self)].frames);
      }
      for (auto* each : mine) {
        EXPECT_EQ(*each, 1);
        frame_pool::deallocate(each);
      }
      if (i % 500 == 499) {
        bound.reset();
        pool = std::make_unique<frame_pool>();
        bound = std::make_unique<frame_pool::binding>(pool.get());
      }
    }
  };
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i)
    running.emplace_back(run, i);
  for (auto& each : running)
    each.join();
  for (auto& box : boxes) {
    for (auto* each : box.frames)
      frame_pool::deallocate(each);
  }
}

}  // namespace
}  // namespace tacit::memory
