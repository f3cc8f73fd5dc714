// Whatever the load: a coroutine that is ready starts within a bounded number of other runs of its
// worker. docs/scheduler.md derives the bounds; here are loads that come near to them.

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/when_all.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/hand_fed_poller.hpp"
#include "sched/on_workers.hpp"
#include "sched/ping_pong.hpp"

namespace tacit::sched {
namespace {

// The constants of worker.hpp.
constexpr double ring = 256;
constexpr double share_max = 128;
constexpr double fairness_interval = 61;

// Runs of one worker while a coroutine waits in its ring: `turns` to each that comes before it.
double ring_bound(double turns) {
  return turns * ring;
}

// While it waits in the inject queue with `ready` others, and then in the share of a worker.
double inject_bound(double turns, double ready, double workers) {
  const double refills = ready / share_max + workers * std::log(share_max * workers) + 1;
  return turns * (ready + 1) + (fairness_interval + 1) * refills;
}

// Where the calling coroutine is, in time.
struct moment {
  std::uint32_t worker = 0;
  std::uint64_t run = 0;

  static moment here(scheduler& pool) {
    moment now;
    while (&pool.poller_of(now.worker) != this_worker::current_poller())
      ++now.worker;
    now.run = pool.statistics(now.worker).runs;
    return now;
  }
  // Two pieces of information in a number that an operation carries.
  [[nodiscard]] std::uint64_t packed() const { return run << 8 | worker; }
  static moment unpacked(std::uint64_t from) {
    return {static_cast<std::uint32_t>(from & 0xff), from >> 8};
  }
};

class load {
 public:
  load(scheduler& on, std::uint64_t runs) : pool(on), runs_left(runs) {}
  scheduler& pool;
  std::atomic<std::uint64_t> runs_left;
  std::atomic<std::uint64_t> longest{0};
  std::atomic<std::uint64_t> longest_after_io{0};
  std::atomic<bool> over{false};

  [[nodiscard]] moment now() { return moment::here(pool); }

  // What became ready on one worker and runs on another one has waited too, but for how many runs
  // of which cannot be told from here. At the end, when there is nothing else to do, a worker takes
  // what another one holds that the kernel has stopped: nobody promised anything about such.
  void ran(moment ready, std::atomic<std::uint64_t>& record) {
    if (over.load()) return;
    const moment at = now();
    if (at.worker == ready.worker) {
      const std::uint64_t waited = at.run - ready.run;
      std::uint64_t most = record.load(std::memory_order_relaxed);
      while (most < waited && !record.compare_exchange_weak(most, waited)) {
      }
    }
    if (runs_left.fetch_sub(1, std::memory_order_relaxed) == 1) over.store(true);
  }
};

task<> yields(load* all) {
  while (!all->over.load(std::memory_order_relaxed)) {
    const moment ready = all->now();
    co_await yield();
    all->ran(ready, all->longest);
  }
}

task<> serves_io(load* all, std::uint32_t seed) {
  std::mt19937 random(seed);
  while (!all->over.load(std::memory_order_relaxed)) {
    operation reads(
        static_cast<hand_fed_poller&>(all->pool.poller_of(random() % all->pool.workers())));
    reads.complete();
    all->ran(moment::unpacked(co_await reads), all->longest_after_io);
  }
}

task<> plays(load* all, ping_pong* with) {
  while (!all->over.load(std::memory_order_relaxed))
    co_await with->pass();
  with->leave();
}

task<> forks(load* all) {
  const auto nothing = []() -> task<> { co_return; };
  while (!all->over.load(std::memory_order_relaxed))
    co_await when_all(nothing(), nothing(), nothing());
}

scheduler_options stamping_deliveries(int workers, scheduler*& pool) {
  auto options = with_hand_fed_pollers(workers);
  options.make_poller = [&pool](std::uint32_t) {
    auto made = std::make_unique<hand_fed_poller>();
    made->on_delivery = [&pool](runnable& waiting) {
      static_cast<operation::awaiter&>(waiting).delivered_at = moment::here(*pool).packed();
    };
    return made;
  };
  return options;
}

struct population {
  std::uint32_t yielding = 0;
  std::uint32_t io = 0;
  std::uint32_t pairs = 0;
  std::uint32_t forking = 0;
};

struct wait_lengths {
  double longest = 0;
  double longest_after_io = 0;
};

wait_lengths measure(int workers, const population& who, std::uint32_t rounds, std::uint32_t seed) {
  scheduler* made = nullptr;
  scheduler pool(stamping_deliveries(workers, made));
  made = &pool;
  load all(pool, std::uint64_t{rounds} * (who.yielding + who.io));
  std::vector<ping_pong> tables(who.pairs);
  std::vector<join_handle<>> handles;
  for (auto& each : tables) {
    handles.push_back(pool.spawn(plays(&all, &each)));
    handles.push_back(pool.spawn(plays(&all, &each)));
  }
  for (std::uint32_t i = 0; i < who.forking; ++i)
    handles.push_back(pool.spawn(forks(&all)));
  for (std::uint32_t i = 0; i < who.io; ++i)
    handles.push_back(pool.spawn(serves_io(&all, seed + i)));
  for (std::uint32_t i = 0; i < who.yielding; ++i)
    handles.push_back(pool.spawn(yields(&all)));
  for (auto& each : handles)
    block_on(joined(std::move(each)));
  return {static_cast<double>(all.longest.load()),
          static_cast<double>(all.longest_after_io.load())};
}

class fairness_on : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(workers, fairness_on, testing::Values(1, 2),
                         testing::PrintToStringParamName());

// Ring and share take turns.
TEST_P(fairness_on, no_ready_coroutine_waits_long_among_ten_thousand_and_io) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const population who{.yielding = 10'000, .io = 100};
  const wait_lengths seen = measure(GetParam(), who, 20, seed);
  EXPECT_GT(seen.longest, 0);
  EXPECT_LE(seen.longest, inject_bound(2, who.yielding + who.io, GetParam()));
  EXPECT_GT(seen.longest_after_io, 0);
  EXPECT_LE(seen.longest_after_io, ring_bound(2));
  RecordProperty("longest", static_cast<int>(seen.longest));
  RecordProperty("longest_after_io", static_cast<int>(seen.longest_after_io));
}

// The next slot and forked children come in between: 4 runs to each turn, and 4 turns.
TEST_P(fairness_on, nor_among_those_that_have_precedence) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const population who{.yielding = 500 + static_cast<std::uint32_t>(random() % 1'500),
                       .io = 1 + static_cast<std::uint32_t>(random() % 100),
                       .pairs = 1 + static_cast<std::uint32_t>(random() % 10),
                       .forking = 1 + static_cast<std::uint32_t>(random() % 3)};
  SCOPED_TRACE(who.yielding);
  const double ready = who.yielding + who.io + 2 * who.pairs + who.forking;
  const wait_lengths seen = measure(GetParam(), who, 2, seed);
  EXPECT_LE(seen.longest, inject_bound(16, ready, GetParam()));
  EXPECT_LE(seen.longest_after_io, ring_bound(16));
  RecordProperty("longest", static_cast<int>(seen.longest));
}

}  // namespace
}  // namespace tacit::sched
