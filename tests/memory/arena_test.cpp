#include <tacit/memory/arena.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace tacit::memory {
namespace {

TEST(arena, holds_nothing_before_the_first_allocation) {
  arena empty;
  EXPECT_EQ(empty.held_bytes(), 0U);
  empty.reset();
  EXPECT_EQ(empty.held_bytes(), 0U);
}

TEST(arena, reuses_its_memory_after_reset) {
  arena memory;
  void* first = memory.allocate(100);
  const auto held = memory.held_bytes();
  memory.reset();
  EXPECT_EQ(memory.allocate(100), first);
  EXPECT_EQ(memory.held_bytes(), held);
}

TEST(arena, takes_no_more_from_the_heap_for_a_request_of_the_same_size) {
  arena memory;
  const auto request = [&] {
    for (int i = 0; i < 200; ++i)
      static_cast<void>(memory.allocate(128));
  };
  request();
  const auto held = memory.held_bytes();
  for (int i = 0; i < 10; ++i) {
    memory.reset();
    request();
    EXPECT_EQ(memory.held_bytes(), held);
  }
}

TEST(arena, gives_the_memory_of_an_extraordinary_request_back) {
  arena memory;
  static_cast<void>(memory.allocate(10 << 20));
  static_cast<void>(memory.allocate(100));
  EXPECT_GT(memory.held_bytes(), 10U << 20);
  memory.reset();
  EXPECT_LE(memory.held_bytes(), arena::retained_bytes_max);
  std::memset(memory.allocate(100), 1, 100);
}

TEST(arena, releases_everything) {
  arena memory;
  static_cast<void>(memory.allocate(100'000));
  memory.release();
  EXPECT_EQ(memory.held_bytes(), 0U);
  std::memset(memory.allocate(100), 1, 100);
}

TEST(arena, aligns_as_asked) {
  arena memory;
  for (std::size_t alignment = 1; alignment <= 256; alignment *= 2) {
    static_cast<void>(memory.allocate(1, 1));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.allocate(8, alignment)) % alignment, 0U);
  }
}

TEST(arena_property, pieces_never_overlap) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  arena memory;
  for (int round = 0; round < 50; ++round) {
    struct piece {
      unsigned char* at;
      std::size_t bytes;
    };
    std::vector<piece> pieces;
    for (int i = 0; i < 100; ++i) {
      const std::size_t bytes = 1 + random() % (i % 10 == 0 ? 9000 : 300);
      auto* at =
          static_cast<unsigned char*>(memory.allocate(bytes, std::size_t{1} << random() % 6));
      std::memset(at, i, bytes);
      pieces.push_back({at, bytes});
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      for (std::size_t b = 0; b < pieces[i].bytes; ++b)
        ASSERT_EQ(pieces[i].at[b], i);
    }
    memory.reset();
  }
}

}  // namespace
}  // namespace tacit::memory
