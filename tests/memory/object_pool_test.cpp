#include <tacit/memory/object_pool.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tacit::memory {
namespace {

struct counted {
  static inline base::atomic<int> alive{0};
  counted() { ++alive; }
  ~counted() { --alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  int users = 0;  // Plain on purpose: two users at once are a race that TSan sees.
};

std::vector<object_pool<counted>::lease> lend(object_pool<counted>& pool, std::size_t count) {
  std::vector<object_pool<counted>::lease> leases;
  while (leases.size() != count)
    leases.push_back(pool.get());
  return leases;
}

TEST(object_pool, lends_the_object_that_came_back_last) {
  object_pool<counted> pool;
  auto first = pool.get();
  auto second = pool.get();
  const auto* warm = second.get();
  first.reset();
  second.reset();
  EXPECT_EQ(pool.get().get(), warm);
}

TEST(object_pool, resets_what_comes_back) {
  object_pool<std::string> pool({.reset = [](std::string& text) { text.clear(); }});
  auto lent = pool.get();
  lent->assign(1000, 'x');
  lent.reset();
  const auto again = pool.get();
  EXPECT_TRUE(again->empty());
  EXPECT_GE(again->capacity(), 1000U);
}

TEST(object_pool, makes_objects_as_it_is_told) {
  object_pool<int> pool({.make = [] { return std::make_unique<int>(7); }});
  EXPECT_EQ(*pool.get(), 7);
}

TEST(object_pool, passes_on_what_making_throws) {
  object_pool<int> pool({.make = []() -> std::unique_ptr<int> { throw std::runtime_error("no"); }});
  EXPECT_THROW(static_cast<void>(pool.get()), std::runtime_error);
}

TEST(object_pool, keeps_no_more_than_its_bounds) {
  object_pool<counted> pool({.kept_per_thread_max = 3, .kept_shared_max = 4});
  lend(pool, 20).clear();
  EXPECT_EQ(pool.kept(), 7U);
  EXPECT_EQ(counted::alive, 7);
}

TEST(object_pool, keeps_nothing_where_nothing_may_be_kept) {
  object_pool<counted> pool({.kept_per_thread_max = 0, .kept_shared_max = 0});
  pool.get().reset();
  EXPECT_EQ(counted::alive, 0);
}

TEST(object_pool, lends_on_one_thread_what_came_back_on_another) {
  object_pool<counted> pool({.kept_per_thread_max = 0});
  const counted* there = nullptr;
  std::thread([&] { there = pool.get().get(); }).join();
  EXPECT_EQ(pool.get().get(), there);
}

TEST(object_pool, trim_destroys_what_nobody_needed_since_the_last_one) {
  object_pool<counted> pool;
  lend(pool, 10).clear();
  EXPECT_EQ(pool.trim(), 0U);
  lend(pool, 4).clear();
  EXPECT_EQ(pool.trim(), 6U);
  EXPECT_EQ(counted::alive, 4);
  EXPECT_EQ(pool.trim(), 4U);
  EXPECT_EQ(counted::alive, 0);
}

TEST(object_pool, an_object_that_is_released_stays_with_who_released_it) {
  std::unique_ptr<counted> mine;
  {
    object_pool<counted> pool;
    mine.reset(pool.get().release());
  }
  EXPECT_EQ(counted::alive, 1);
}

TEST(object_pool, destroys_what_it_keeps) {
  {
    object_pool<counted> pool;
    lend(pool, 100).clear();
    EXPECT_GT(counted::alive, 0);
  }
  EXPECT_EQ(counted::alive, 0);
}

TEST(object_pool_stress, no_object_has_two_users) {
  constexpr int rounds = 5000;
  object_pool<counted> pool({.kept_per_thread_max = 2, .kept_shared_max = 3});
  base::mutex lock;
  std::vector<object_pool<counted>::lease> under_way;  // Leases that end on another thread.
  const auto use = [&] {
    for (int i = 0; i < rounds; ++i) {
      auto mine = pool.get();
      EXPECT_EQ(mine->users++, 0);
      auto second = pool.get();
      EXPECT_EQ(second->users++, 0);
      EXPECT_EQ(second->users--, 1);
      EXPECT_EQ(mine->users--, 1);
      if (i % 8 == 0) pool.trim();
      const std::lock_guard guard(lock);
      under_way.push_back(std::move(mine));
      if (under_way.size() > 8) under_way.erase(under_way.begin());
    }
  };
  std::vector<std::thread> running;
  for (int i = 0; i < 4; ++i)
    running.emplace_back(use);
  for (auto& each : running)
    each.join();
  under_way.clear();
  EXPECT_EQ(counted::alive, static_cast<int>(pool.kept()));
}

}  // namespace
}  // namespace tacit::memory
