#include <tacit/memory/accounting.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include <tacit/memory/reclaimer.hpp>

namespace tacit::memory {
namespace {

// Keeps the compiler from removing an allocation that nobody uses.
void keep(void* pointer) {
  asm volatile("" : : "g"(pointer) : "memory");
}

TEST(accounting, is_on_in_a_program_that_links_it) {
  EXPECT_TRUE(is_counting());
}

TEST(accounting, counts_every_member_of_the_malloc_family_once) {
  const auto count = [](auto&& allocate) {
    const auto before = thread_allocations();
    void* made = allocate();
    keep(made);
    const auto counted = thread_allocations() - before;
    std::free(made);
    return counted;
  };
  void* resized = std::malloc(1);
  for (const auto& counted :
       {count([] { return std::malloc(100); }), count([] { return std::calloc(10, 10); }),
        count([&] { return std::realloc(resized, 100); }),
        count([] { return std::aligned_alloc(4, 100); })}) {
    EXPECT_EQ(counted.allocations, 1U);
    EXPECT_EQ(counted.allocated_bytes, 100U);
  }
}

TEST(accounting, counts_operator_new_once) {
  const auto before = thread_allocations();
  auto made = std::make_unique<char[]>(1000);
  keep(made.get());
  const auto counted = thread_allocations() - before;
  EXPECT_EQ(counted.allocations, 1U);
  EXPECT_EQ(counted.allocated_bytes, 1000U);
}

TEST(accounting, freeing_changes_nothing) {
  void* made = std::malloc(10);
  const auto before = thread_allocations();
  std::free(made);
  EXPECT_EQ(thread_allocations().allocations, before.allocations);
}

TEST(accounting, the_process_keeps_what_threads_counted_that_have_ended) {
  constexpr std::uint64_t threads = 8;
  constexpr std::uint64_t each = 1000;
  const auto before = process_allocations();
  std::vector<std::thread> running;
  for (std::uint64_t i = 0; i < threads; ++i) {
    running.emplace_back([] {
      for (std::uint64_t n = 0; n < each; ++n) {
        void* made = std::malloc(64);
        keep(made);
        std::free(made);
      }
    });
  }
  for (auto& thread : running)
    thread.join();
  const auto counted = process_allocations() - before;
  EXPECT_GE(counted.allocations, threads * each);
  // Starting the threads takes a few; counting one twice would take thousands.
  EXPECT_LE(counted.allocations, threads * each + 20 * threads);
}

// An idle server has no reason to wake up more often. Only where allocations are counted is it
// known that the heap has nothing to give back.
TEST(accounting, lets_a_reclaimer_with_nothing_to_return_wait_for_its_delay) {
  using namespace std::chrono_literals;
  const auto use_and_free_much = [] {
    void* const freed = std::malloc(4 << 20);
    keep(freed);
    std::free(freed);
  };
  reclaimer tested(10s);
  const auto now = std::chrono::steady_clock::now();
  use_and_free_much();
  EXPECT_EQ(tested.step(now, true), now + 1s);
  EXPECT_EQ(tested.step(now + 1s, true), now + 11s);
  EXPECT_EQ(tested.step(now + 2s, true), now + 11s);
  use_and_free_much();
  EXPECT_EQ(tested.step(now + 11s, true), now + 12s);
}

}  // namespace
}  // namespace tacit::memory
