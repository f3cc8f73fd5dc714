// Random coroutines that want locks and permits while others cancel them: nobody is let in who
// should not be, and nothing is lost.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <vector>

#include <tacit/sched/when_all.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/condition.hpp>
#include <tacit/sync/mutex.hpp>
#include <tacit/sync/semaphore.hpp>
#include <tacit/sync/shared_mutex.hpp>

#include "sync/seed.hpp"
#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

constexpr int coroutines = 24;
constexpr int attempts = 200;

using random_source = std::minstd_rand;

bool one_in(random_source& random, unsigned count) {
  return random() % count == 0;
}

sched::task<> yield_times(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i)
    co_await sched::yield();
}

sched::task<> cancel_after(sched::cancel_scope& scope, std::uint64_t yields) {
  co_await yield_times(yields);
  scope.cancel();
}

sched::task<bool> in_scope(sched::cancel_scope& scope, sched::task<bool> attempt) {
  co_return co_await scope.run(std::move(attempt));
}

// Runs `attempt`, and in one of two cases cancels it before, while or after it waits.
sched::task<bool> perhaps_cancelled(sched::task<bool> attempt, std::uint64_t random) {
  if (random % 2 == 0) co_return co_await std::move(attempt);
  sched::cancel_scope scope;
  const auto done = co_await sched::when_all(in_scope(scope, std::move(attempt)),
                                             cancel_after(scope, random % 7));
  co_return std::get<0>(done);
}

// Each kind of lock comes as its state and one attempt to use it, which says whether it got in.

struct under_mutex {
  mutex lock;
  int inside = 0;  // Not atomic: a sanitizer sees it when two are in.

  sched::task<bool> attempt(std::uint64_t random) {
    const auto held = co_await lock.lock();
    if (!held) co_return false;
    EXPECT_EQ(++inside, 1);
    if (random % 3 == 0) co_await yield_times(random % 5);
    EXPECT_EQ(--inside, 0);
    co_return true;
  }
  void expect_free() {
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  }
};

struct under_shared_mutex {
  shared_mutex lock;
  int written = 0;
  std::atomic<int> readers{0};

  sched::task<bool> attempt(std::uint64_t random) {
    return random % 4 == 0 ? write(random) : read(random);
  }
  sched::task<bool> write(std::uint64_t random) {
    const auto held = co_await lock.lock();
    if (!held) co_return false;
    EXPECT_EQ(readers.load(), 0);
    EXPECT_EQ(++written, 1);
    if (random % 3 == 0) co_await yield_times(random % 5);
    EXPECT_EQ(--written, 0);
    co_return true;
  }
  sched::task<bool> read(std::uint64_t random) {
    const auto held = co_await lock.lock_shared();
    if (!held) co_return false;
    readers.fetch_add(1);
    EXPECT_EQ(written, 0);
    if (random % 3 == 0) co_await yield_times(random % 5);
    readers.fetch_sub(1);
    co_return true;
  }
  void expect_free() {
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  }
};

struct under_semaphore {
  static constexpr int permits = 5;
  semaphore lock{permits};
  std::atomic<int> held_now{0};

  sched::task<bool> attempt(std::uint64_t random) {
    const auto wanted = static_cast<int>(random % permits) + 1;
    const auto held = co_await lock.acquire(static_cast<std::size_t>(wanted));
    if (!held) co_return false;
    EXPECT_LE(held_now.fetch_add(wanted) + wanted, permits);
    if (random % 3 == 0) co_await yield_times(random % 5);
    held_now.fetch_sub(wanted);
    co_return true;
  }
  void expect_free() const { EXPECT_EQ(lock.available(), std::size_t{permits}); }
};

template <class Lock>
sched::task<> try_often(Lock& lock, std::uint64_t seed, std::atomic<int>& got_in) {
  random_source random(static_cast<random_source::result_type>(seed));
  for (int i = 0; i < attempts; ++i) {
    const std::uint64_t kind = random();
    if (co_await perhaps_cancelled(lock.attempt(random()), kind)) got_in.fetch_add(1);
    if (one_in(random, 8)) co_await sched::yield();
  }
}

template <class Lock>
class lock_property : public testing::Test {};
using locks = testing::Types<under_mutex, under_shared_mutex, under_semaphore>;
TYPED_TEST_SUITE(lock_property, locks);

TYPED_TEST(lock_property, holds_and_is_free_in_the_end_whoever_was_cancelled) {
  std::mt19937_64 random(tests::seed());
  for (const std::uint32_t workers : {1U, 2U, 4U}) {
    sched::scheduler pool(tests::with_workers(workers));
    TypeParam lock;
    std::atomic<int> got_in{0};
    std::vector<sched::join_handle<>> all;
    for (int i = 0; i < coroutines; ++i)
      all.push_back(pool.spawn(try_often(lock, random(), got_in)));
    for (auto& each : all)
      sched::block_on(tests::join(std::move(each)));
    lock.expect_free();
    // At least those that nobody cancelled; the exact half is a matter of chance.
    EXPECT_GT(got_in.load(), coroutines * attempts / 4);
  }
}

// A bounded buffer over a condition: a lost wake-up would leave somebody waiting for ever.
struct buffer {
  static constexpr int capacity = 3;
  mutex lock;
  condition not_full;
  condition not_empty;
  int held = 0;

  sched::task<bool> put(std::uint64_t /*random*/) {
    auto guard = co_await lock.lock();
    if (!guard) co_return false;
    if (co_await not_full.wait(guard, [this] { return held < capacity; })) co_return false;
    ++held;
    not_empty.notify_one();
    co_return true;
  }
  sched::task<bool> take(std::uint64_t /*random*/) {
    auto guard = co_await lock.lock();
    if (!guard) co_return false;
    if (co_await not_empty.wait(guard, [this] { return held > 0; })) co_return false;
    --held;
    not_full.notify_one();
    co_return true;
  }
};

// Goes on until it has succeeded often enough: cancelled attempts are made again.
sched::task<> use_often(buffer& shared, bool puts, std::uint64_t seed) {
  random_source random(static_cast<random_source::result_type>(seed));
  for (int done = 0; done < attempts;) {
    const std::uint64_t kind = random();
    auto attempt = puts ? shared.put(kind) : shared.take(kind);
    if (co_await perhaps_cancelled(std::move(attempt), kind)) ++done;
  }
}

TEST(condition_property, no_wake_up_is_lost_whoever_was_cancelled) {
  std::mt19937_64 random(tests::seed());
  for (const std::uint32_t workers : {1U, 2U, 4U}) {
    sched::scheduler pool(tests::with_workers(workers));
    buffer shared;
    std::vector<sched::join_handle<>> all;
    for (int i = 0; i < coroutines; ++i)
      all.push_back(pool.spawn(use_often(shared, i % 2 == 0, random())));
    for (auto& each : all)
      sched::block_on(tests::join(std::move(each)));
    EXPECT_EQ(shared.held, 0);
  }
}

}  // namespace
}  // namespace tacit::sync
