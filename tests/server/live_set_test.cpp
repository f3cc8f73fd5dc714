#include "server/live_set.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <list>
#include <thread>
#include <vector>

namespace tacit::server {
namespace {

class live_sets : public ::testing::TestWithParam<memory::mode> {};

INSTANTIATE_TEST_SUITE_P(, live_sets, ::testing::Values(memory::mode::arena, memory::mode::heap),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST_P(live_sets, is_full_from_the_beginning) {
  const live_set set(2, GetParam());
  EXPECT_EQ(set.size(), 2 * live_set::sessions_per_mb);
  EXPECT_EQ(set.visits(0), 1u);
  EXPECT_EQ(set.visits(set.size() - 1), 1u);
  EXPECT_EQ(set.visits(set.size()), 0u);
  EXPECT_EQ(set.replaced() + set.evicted(), 0u);
}

TEST_P(live_sets, stays_as_large_as_it_is) {
  live_set set(1, GetParam());
  constexpr std::uint64_t touches = 50'000;
  for (std::uint64_t i = 0; i < touches; ++i)
    set.touch();
  EXPECT_EQ(set.size(), live_set::sessions_per_mb);
  EXPECT_EQ(set.replaced() + set.evicted(), touches);
  // Half of the sessions that are asked for are there.
  EXPECT_NEAR(static_cast<double>(set.replaced()) / touches, 0.5, 0.02);
}

TEST_P(live_sets, loses_the_least_recently_used_session_of_a_shard) {
  live_set set(1, GetParam());
  constexpr std::uint64_t shards = 16;
  std::vector<std::list<std::uint64_t>> expected(shards);  // the newest first
  for (std::uint64_t id = 0; id < set.sessions_max(); ++id)
    expected[id % shards].push_front(id);
  for (std::uint64_t turn = 1; turn <= 20'000; ++turn) {
    set.touch();
    const std::uint64_t id = set.session_of(turn);
    auto& recent = expected[id % shards];
    const auto found = std::find(recent.begin(), recent.end(), id);
    recent.erase(found != recent.end() ? found : std::prev(recent.end()));
    recent.push_front(id);
  }
  for (std::uint64_t id = 0; id < 2 * set.sessions_max(); ++id) {
    const auto& recent = expected[id % shards];
    const bool is_there = std::find(recent.begin(), recent.end(), id) != recent.end();
    EXPECT_EQ(set.visits(id) != 0, is_there) << id;
  }
}

TEST_P(live_sets, a_session_that_is_replaced_keeps_count_of_its_visits) {
  live_set set(1, GetParam());
  std::uint64_t turn = 0;
  while (set.session_of(turn + 1) >= set.sessions_max()) {
    set.touch();
    ++turn;
  }
  const std::uint64_t id = set.session_of(turn + 1);
  const std::uint64_t before = set.visits(id);
  set.touch();
  EXPECT_EQ(set.visits(id), before + 1);
}

TEST_P(live_sets, threads_share_it) {
  live_set set(1, GetParam());
  constexpr int each = 20'000;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < each; ++turn)
        set.touch();
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(set.size(), live_set::sessions_per_mb);
  EXPECT_EQ(set.replaced() + set.evicted(), 4u * each);
}

TEST_P(live_sets, none_is_asked_for_and_none_is_kept) {
  live_set set(0, GetParam());
  set.touch();
  EXPECT_EQ(set.size(), 0u);
  EXPECT_EQ(set.visits(1), 0u);
}

// What every other contender's implementation has to do as well.
TEST(live_set, the_first_sessions_are_those_that_the_description_names) {
  const live_set set(128, memory::mode::arena);
  std::vector<std::uint64_t> first;
  for (std::uint64_t turn = 1; turn <= 4; ++turn)
    first.push_back(set.session_of(turn));
  EXPECT_EQ(first, (std::vector<std::uint64_t>{380335, 91636, 83279, 295404}));
}

}  // namespace
}  // namespace tacit::server
