#include <gtest/gtest.h>

#include <cstdint>
#include <system_error>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/blocking.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::sched {
namespace {

struct tally {
  std::uint64_t done = 0;
  std::uint64_t refused = 0;
};

task<tally> caller(blocking_pool& pool, int calls) {
  tally counted;
  for (int i = 0; i < calls; ++i) {
    try {
      counted.done += co_await blocking(pool, [] { return std::uint64_t{1}; });
    } catch (const std::system_error&) {
      ++counted.refused;
    }
  }
  co_return counted;
}

task<tally> all(scheduler& workers, blocking_pool& pool, int callers, int calls) {
  std::vector<join_handle<tally>> running;
  running.reserve(static_cast<std::size_t>(callers));
  for (int i = 0; i < callers; ++i)
    running.push_back(workers.spawn(caller(pool, calls)));
  tally sum;
  for (auto& each : running) {
    const tally one = co_await std::move(each);
    sum.done += one.done;
    sum.refused += one.refused;
  }
  co_return sum;
}

// Threads come and go all the time, and the queue is too short for all.
TEST(blocking_pool_stress, each_call_is_either_made_once_or_refused) {
  constexpr int callers = 64;
  constexpr int calls = 200;
  scheduler workers({.workers = 3, .make_poller = scheduler_options().make_poller});
  tally sum;
  blocking_pool_statistics counts;
  {
    blocking_pool pool(
        {.threads_max = 4, .queued_max = 16, .keep_alive = std::chrono::milliseconds(0)});
    sum = block_on(all(workers, pool, callers, calls));
    counts = pool.statistics();
  }
  EXPECT_EQ(sum.done + sum.refused, std::uint64_t{callers} * calls);
  EXPECT_EQ(sum.done, counts.submitted);
  EXPECT_EQ(sum.refused, counts.refused);
  EXPECT_LE(counts.threads, 4U);
  EXPECT_LE(counts.queued_max, 16U);
}

}  // namespace
}  // namespace tacit::sched
