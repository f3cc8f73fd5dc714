#include <tacit/memory/memory_budget.hpp>

#include <gtest/gtest.h>

#include <memory_resource>

#include <tacit/memory/arena.hpp>

namespace tacit::memory {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1 << 20;

void read(memory_budget& budget, std::uint64_t used) {
  budget.begin_reading();
  budget.end_reading(used);
}

TEST(memory_budget, without_a_bound_grants_everything) {
  memory_budget budget;
  read(budget, 1'000'000 * mib);
  EXPECT_EQ(budget.pressure(), memory_pressure::none);
  EXPECT_TRUE(budget.begin(1'000'000 * mib));
  EXPECT_TRUE(budget.take(1'000'000 * mib));
  memory_claim claim;
  EXPECT_TRUE(claim.begin(&budget, 1'000'000 * mib));
  EXPECT_TRUE(memory_claim().begin(nullptr, mib));
}

TEST(memory_budget, is_left_at_lower_levels_than_it_is_reached_at) {
  memory_budget budget;
  budget.set(64 * mib);
  EXPECT_EQ(budget.high_from(), 48 * mib);
  EXPECT_EQ(budget.critical_from(), 56 * mib);
  const auto pressure_at = [&](std::uint64_t used) {
    read(budget, used * mib);
    return budget.pressure();
  };
  EXPECT_EQ(pressure_at(47), memory_pressure::none);
  EXPECT_EQ(pressure_at(48), memory_pressure::high);
  EXPECT_EQ(pressure_at(41), memory_pressure::high);
  EXPECT_EQ(pressure_at(56), memory_pressure::critical);
  EXPECT_EQ(pressure_at(53), memory_pressure::critical);
  EXPECT_EQ(pressure_at(51), memory_pressure::high);
  EXPECT_EQ(pressure_at(39), memory_pressure::none);
  EXPECT_EQ(pressure_at(47), memory_pressure::none);
}

TEST(memory_budget, keeps_no_larger_reserve_than_is_of_use) {
  memory_budget budget;
  budget.set(64 * 1024 * mib);
  EXPECT_EQ(budget.bytes() - budget.critical_from(), 256 * mib);
  EXPECT_EQ(budget.bytes() - budget.high_from(), 512 * mib);
}

TEST(memory_budget, counts_what_is_taken_between_two_readings) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 40 * mib);
  EXPECT_TRUE(budget.begin(8 * mib));
  EXPECT_FALSE(budget.begin(1));
  EXPECT_TRUE(budget.take(8 * mib));
  EXPECT_FALSE(budget.take(1));
  EXPECT_EQ(budget.estimated_bytes(), 56 * mib);
  read(budget, 30 * mib);  // It was less than had been feared.
  EXPECT_EQ(budget.estimated_bytes(), 30 * mib);
  EXPECT_TRUE(budget.begin(8 * mib));
}

TEST(memory_budget, counts_what_comes_during_a_reading_on_top_of_it) {
  memory_budget budget;
  budget.set(64 * mib);
  budget.begin_reading();
  budget.note_taken(5 * mib);
  budget.end_reading(10 * mib);
  EXPECT_EQ(budget.estimated_bytes(), 15 * mib);
}

TEST(memory_budget, under_pressure_begins_nothing_and_goes_on_until_it_is_critical) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 48 * mib);
  EXPECT_FALSE(budget.begin(1));
  EXPECT_TRUE(budget.take(mib));
  read(budget, 56 * mib);
  EXPECT_FALSE(budget.take(1));
}

TEST(memory_budget, is_to_be_read_the_sooner_the_less_is_left) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 4 * mib);
  EXPECT_EQ(budget.next_reading_in(), 13ms);
  read(budget, 48 * mib);
  EXPECT_EQ(budget.next_reading_in(), 2ms);
  read(budget, 60 * mib);
  EXPECT_EQ(budget.next_reading_in(), 1ms);
  budget.set(1024 * 1024 * mib);
  read(budget, mib);
  EXPECT_EQ(budget.next_reading_in(), 1s);
}

TEST(memory_budget, that_is_taken_away_ends_the_pressure) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 60 * mib);
  budget.set(0);
  EXPECT_EQ(budget.pressure(), memory_pressure::none);
  EXPECT_TRUE(budget.begin(mib));
}

TEST(memory_claim, holds_room_for_a_body_until_it_has_come_or_is_given_up) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 8 * mib);
  {
    memory_claim claim;
    EXPECT_TRUE(claim.begin(&budget, 30 * mib));
    EXPECT_EQ(budget.estimated_bytes(), 38 * mib);
    EXPECT_FALSE(memory_claim().begin(&budget, 11 * mib));
    claim.came(20 * mib);
    EXPECT_EQ(claim.left(), 10 * mib);
    EXPECT_EQ(budget.estimated_bytes(), 38 * mib);
    read(budget, 28 * mib);  // Among it, what has come.
    EXPECT_EQ(budget.estimated_bytes(), 38 * mib);
  }
  EXPECT_EQ(budget.estimated_bytes(), 28 * mib);
}

TEST(memory_claim, more_than_was_announced_is_not_given_back_twice) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 8 * mib);
  {
    memory_claim claim;
    ASSERT_TRUE(claim.begin(&budget, mib));
    claim.came(3 * mib);
    EXPECT_EQ(claim.left(), 0U);
  }
  EXPECT_EQ(budget.estimated_bytes(), 9 * mib);
}

TEST(memory_budget, refuses_large_chunks_of_arenas_and_leaves_small_ones_alone) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 55 * mib);
  arena memory(&budget);
  EXPECT_THROW(static_cast<void>(memory.allocate(4 * mib, 8)), out_of_budget);
  EXPECT_NE(memory.allocate(1'000, 8), nullptr);
  read(budget, 10 * mib);
  EXPECT_NE(memory.allocate(4 * mib, 8), nullptr);
}

TEST(memory_budget, an_arena_that_may_not_double_takes_what_it_needs) {
  memory_budget budget;
  budget.set(64 * mib);
  arena memory(&budget);
  static_cast<void>(memory.allocate(mib - 64, 8));
  read(budget, 60 * mib);
  EXPECT_NE(memory.allocate(1'000, 8), nullptr);
}

TEST(memory_budget, an_arena_that_was_refused_cannot_go_on_in_small_chunks_for_ever) {
  memory_budget budget;
  budget.set(64 * mib);
  arena memory(&budget);
  static_cast<void>(memory.allocate(30'000, 8));
  read(budget, 60 * mib);
  const auto take_all = [&] {
    for (int i = 0; i < 1'000; ++i)
      static_cast<void>(memory.allocate(10'000, 8));
  };
  EXPECT_THROW(take_all(), out_of_budget);
  EXPECT_LE(memory.held_bytes(), 4 * arena::unasked_bytes_max);
  EXPECT_NE(memory.allocate(1'000, 8), nullptr);  // For the answer that says so.
}

TEST(memory_budget, counts_a_large_chunk_in_full_until_the_arena_goes_on_from_it) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 10 * mib);
  {
    arena memory(&budget);
    static_cast<void>(memory.allocate(16 * mib - 64, 8));
    read(budget, 10 * mib);  // Nothing of it is touched yet.
    EXPECT_EQ(budget.estimated_bytes(), 26 * mib);
    read(budget, 26 * mib);  // All of it is, but who knows.
    EXPECT_EQ(budget.estimated_bytes(), 42 * mib);
    memory.reset();
    read(budget, 26 * mib);
    EXPECT_EQ(budget.estimated_bytes(), 26 * mib);
  }
  EXPECT_EQ(budget.estimated_bytes(), 26 * mib);
}

TEST(memory_budget, bounds_the_heap_for_requests_in_the_same_way) {
  memory_budget budget;
  budget.set(64 * mib);
  read(budget, 55 * mib);
  budgeted_heap heap(&budget);
  EXPECT_THROW(static_cast<void>(heap.allocate(4 * mib, 8)), out_of_budget);
  void* const small = heap.allocate(1'000, 8);
  heap.deallocate(small, 1'000, 8);
}

}  // namespace
}  // namespace tacit::memory
