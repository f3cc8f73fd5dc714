// A coroutine for which a primitive always has something lets the others of its worker run.

#include <gtest/gtest.h>

#include <tacit/sync/broadcast.hpp>
#include <tacit/sync/mutex.hpp>
#include <tacit/sync/once.hpp>
#include <tacit/sync/semaphore.hpp>
#include <tacit/sync/shared_mutex.hpp>
#include <tacit/sync/watch.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

struct everything {
  mutex lock;
  shared_mutex shared;
  semaphore permits{1};
  once work;
  broadcast<int> news{1};
  watch<int> setting{0};
  bool others_ran = false;
};

// Each would never end if it did not let the other coroutine run: there is one worker.
sched::task<> loop_over_mutex(everything& all) {
  while (!all.others_ran)
    const auto held = co_await all.lock.lock();
}
sched::task<> loop_over_shared_mutex(everything& all) {
  while (!all.others_ran) {
    { const auto held = co_await all.shared.lock_shared(); }
    const auto held = co_await all.shared.lock();
  }
}
sched::task<> loop_over_semaphore(everything& all) {
  while (!all.others_ran)
    const auto permit = co_await all.permits.acquire();
}
sched::task<> loop_over_once(everything& all) {
  while (!all.others_ran)
    EXPECT_FALSE(co_await all.work.call([] {}));
}
sched::task<> loop_over_broadcast(everything& all) {
  auto reads = all.news.subscribe();
  while (!all.others_ran) {
    all.news.send(1);
    EXPECT_TRUE(co_await reads.receive());
  }
}
sched::task<> loop_over_watch(everything& all) {
  auto follows = all.setting.subscribe();
  while (!all.others_ran) {
    all.setting.set(1);
    EXPECT_TRUE(co_await follows.receive());
  }
}

sched::task<> run_too(everything& all) {
  all.others_ran = true;
  co_return;
}

using loop = sched::task<> (*)(everything&);

sched::task<> loop_beside_another(sched::scheduler& on, loop over, everything& all) {
  auto other = on.spawn(run_too(all));
  co_await over(all);
  co_await std::move(other);
}

class turns : public testing::TestWithParam<loop> {};

TEST_P(turns, coroutine_that_never_has_to_wait_lets_others_run) {
  sched::scheduler pool(tests::with_workers(1));
  everything all;
  tests::run_on(pool, loop_beside_another(pool, GetParam(), all));
  EXPECT_TRUE(all.others_ran);
}

INSTANTIATE_TEST_SUITE_P(over, turns,
                         testing::Values(&loop_over_mutex, &loop_over_shared_mutex,
                                         &loop_over_semaphore, &loop_over_once,
                                         &loop_over_broadcast, &loop_over_watch));

}  // namespace
}  // namespace tacit::sync
