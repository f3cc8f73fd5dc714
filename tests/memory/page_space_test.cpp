#include "memory/page_space.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <tacit/memory/arena.hpp>
#include <tacit/memory/buffer_pool.hpp>
#include <tacit/memory/reclaimer.hpp>

#include "memory/sanitizer.hpp"

namespace tacit::memory {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t without_bound = ~std::size_t{0};

// Later than anything that has been freed.
base::steady_time much_later() {
  return std::chrono::steady_clock::now() + 1h;
}

// Each test starts with nothing kept.
class page_space_of_process : public ::testing::Test {
 protected:
  page_space_of_process() {
    page_space::trim(much_later(), without_bound);
    before_ = page_space::read_statistics();
#ifdef TACIT_ADDRESS_SANITIZER
    is_off_ = true;
#endif
  }
  void SetUp() override {
    if (is_off_) GTEST_SKIP() << "AddressSanitizer is to see every block come and go";
  }
  [[nodiscard]] std::size_t kept() const {
    return page_space::read_statistics().kept_bytes - before_.kept_bytes;
  }

  page_space::statistics before_;
  bool is_off_ = false;
};

void* make_block(std::size_t bytes) {
  void* const block = page_space::allocate(bytes);
  std::memset(block, 1, bytes);
  return block;
}

TEST_F(page_space_of_process, lends_the_block_again_that_came_back_last) {
  void* const first = make_block(16'384);
  void* const second = make_block(16'384);
  page_space::release(first, 16'384);
  page_space::release(second, 16'384);
  EXPECT_EQ(page_space::allocate(16'384), second);
  EXPECT_EQ(page_space::allocate(16'384), first);
  page_space::release(first, 16'384);
  page_space::release(second, 16'384);
}

TEST_F(page_space_of_process, gives_blocks_of_whole_powers_of_two) {
  EXPECT_EQ(page_space::rounded(1), 4'096U);
  EXPECT_EQ(page_space::rounded(4'097), 8'192U);
  EXPECT_EQ(page_space::rounded(64 << 20), 64U << 20);
  EXPECT_EQ(page_space::rounded((64 << 20) + 1), (64U << 20) + 1);
  void* const block = make_block(100'000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 4'096, 0U);
  page_space::release(block, 100'000);
  EXPECT_EQ(kept(), 131'072U);
}

TEST_F(page_space_of_process, returns_what_has_been_free_for_the_delay_and_nothing_else) {
  page_space::release(make_block(65'536), 65'536);
  EXPECT_EQ(page_space::trim(std::chrono::steady_clock::now() - 1h, without_bound), 0U);
  EXPECT_EQ(kept(), 65'536U);
  EXPECT_EQ(page_space::trim(much_later(), without_bound), 65'536U);
  EXPECT_EQ(kept(), 0U);
}

TEST_F(page_space_of_process, returns_a_large_block_in_slices) {
  constexpr std::size_t bytes = 1 << 20;
  page_space::release(make_block(bytes), bytes);
  EXPECT_EQ(page_space::trim(much_later(), 256 * 1024), 256U * 1024);
  EXPECT_EQ(kept(), 0U);  // Nobody can have it now.
  EXPECT_EQ(page_space::trim(much_later(), 512 * 1024), 512U * 1024);
  EXPECT_EQ(page_space::trim(much_later(), without_bound), 256U * 1024);
  EXPECT_EQ(page_space::trim(much_later(), without_bound), 0U);
}

TEST_F(page_space_of_process, a_block_without_memory_can_be_had_again_and_is_empty) {
  void* const block = make_block(8'192);
  page_space::release(block, 8'192);
  page_space::trim(much_later(), without_bound);
  auto* const again = static_cast<char*>(page_space::allocate(8'192));
  EXPECT_EQ(again, block);
  EXPECT_EQ(std::string(again, 8'192), std::string(8'192, '\0'));
  page_space::release(again, 8'192);
}

TEST_F(page_space_of_process, larger_blocks_are_the_heaps) {
  constexpr std::size_t bytes = page_space::largest_bytes + 1;
  void* const block = page_space::allocate(bytes);
  ASSERT_NE(block, nullptr);
  page_space::release(block, bytes);
  EXPECT_EQ(kept(), 0U);
}

TEST_F(page_space_of_process, takes_blocks_of_the_heap) {
  page_space::release(::operator new(4'096), 4'096);
  EXPECT_EQ(kept(), 0U);
}

TEST_F(page_space_of_process, serves_many_threads_while_memory_is_returned) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 2'000; ++round) {
        const std::size_t bytes = std::size_t{4'096} << (round % 4);
        auto* const block = static_cast<char*>(page_space::allocate(bytes));
        std::memset(block, i, bytes);
        for (std::size_t at = 0; at < bytes; at += 512)
          ASSERT_EQ(block[at], static_cast<char>(i));
        page_space::release(block, bytes);
      }
    });
  }
  for (int round = 0; round < 1'000; ++round)
    page_space::trim(much_later(), 64 * 1024);
  for (std::thread& each : threads)
    each.join();
  page_space::trim(much_later(), without_bound);
  EXPECT_EQ(page_space::read_statistics().used_bytes, before_.used_bytes);
}

TEST_F(page_space_of_process, has_what_a_pool_and_an_arena_give_away) {
  buffer_pool pool;
  const buffer_pool::binding bound(&pool);
  { const buffer used(buffer_pool::block_bytes); }
  {
    arena memory;
    static_cast<void>(memory.allocate(100, 8));
  }
  EXPECT_EQ(kept(), 0U);
  release_kept_memory();
  EXPECT_GE(kept(), buffer_pool::block_bytes + arena::first_chunk_bytes);
}

// The clock is moved by hand: what the steps do depends on the times that they are given.
TEST_F(page_space_of_process, a_reclaimer_waits_for_the_delay_and_then_returns_it_in_slices) {
  constexpr std::size_t bytes = 1 << 20;
  reclaimer tested(10s);
  page_space::release(make_block(bytes), bytes);
  const auto freed = std::chrono::steady_clock::now();
  EXPECT_EQ(tested.step(freed + 5s, false), freed + 5s + reclaimer::look_interval);
  EXPECT_EQ(kept(), bytes);
  auto now = freed + 11s;
  for (std::size_t slices = bytes / reclaimer::slice_bytes; slices != 0; --slices) {
    const auto next = tested.step(now, false);
    EXPECT_EQ(next, now + reclaimer::slice_interval);
    EXPECT_EQ(tested.step(now + 1ms, false), next);  // Too early.
    now = next;
  }
  EXPECT_EQ(kept(), 0U);
}

TEST_F(page_space_of_process, a_reclaimer_in_a_hurry_does_not_wait) {
  reclaimer tested(10s);
  page_space::release(make_block(65'536), 65'536);
  tested.hurry(std::chrono::steady_clock::now() + 1ms);
  EXPECT_EQ(kept(), 0U);
}

TEST_F(page_space_of_process, a_reclaimer_counts_what_it_returns) {
  const reclaim_statistics before = read_reclaim_statistics();
  reclaimer tested(1s);
  page_space::release(make_block(65'536), 65'536);
  tested.step(much_later(), false);
  const reclaim_statistics after = read_reclaim_statistics();
  EXPECT_GE(after.bytes - before.bytes, 65'536U);
  EXPECT_GT(after.slices, before.slices);
  EXPECT_GT(after.longest_slice_ns, 0U);
}

}  // namespace
}  // namespace tacit::memory
