// The real mutex between jobs. What it guards is a plain variable, so two that hold it at once, or
// one after the other without order, are found as a race.

#include <tacit/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "model/plain.hpp"
#include "model/workers.hpp"

namespace tacit::sync {
namespace {

using model::job;
using model::require;
using model::search;
using model::workers;

struct counter {
  mutex lock;
  model::plain<int> count;

  void increase() { count.write(count.read() + 1); }
};

job increase(counter& shared, int times) {
  for (int i = 0; i < times; ++i) {
    auto held = co_await shared.lock.lock();
    require(static_cast<bool>(held), "not locked");
    shared.increase();
  }
}

// The scope is that of a task: a job has none to hand on to the coroutine in which a lock() waits.
sched::task<> increase_unless_cancelled(counter& shared, bool& was_locked) {
  auto held = co_await shared.lock.lock();
  was_locked = static_cast<bool>(held);
  if (was_locked) {
    shared.increase();
  } else {
    require(held.error() == base::errc::cancelled, "another cause");
  }
}
job increase_in(sched::cancel_scope& scope, counter& shared, bool& was_locked) {
  auto work = increase_unless_cancelled(shared, was_locked);
  co_await scope.run(std::move(work));
}

constexpr search two_jobs{.preemptions = 3, .stale_reads = 1};
constexpr search random_runs{.samples = 10'000};

TEST(mutex_model, excludes_and_misses_nobody) {
  model::expect_holds(two_jobs, [] {
    counter shared;
    workers().run({increase(shared, 2), increase(shared, 1)});
    require(shared.count.read() == 3, "an increment is lost");
  });
}

TEST(mutex_model, excludes_three_and_misses_nobody) {
  const auto body = [] {
    counter shared;
    workers().run({increase(shared, 1), increase(shared, 1), increase(shared, 1)});
    require(shared.count.read() == 3, "an increment is lost");
  };
  model::expect_holds(search{.preemptions = 2, .stale_reads = 0}, body);
  model::expect_holds(random_runs, body);
}

TEST(mutex_model, those_who_are_passed_over_get_it_in_the_end) {
  model::expect_holds(random_runs, [] {
    counter shared;
    workers().run({increase(shared, 4), increase(shared, 4), increase(shared, 2)});
    require(shared.count.read() == 10, "an increment is lost");
  });
}

TEST(mutex_model, who_does_not_wait_excludes_and_wakes_too) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    counter shared;
    int by_thread = 0;
    workers().run({increase(shared, 1), increase(shared, 1)}, [&] {
      if (!shared.lock.try_lock()) return;
      shared.increase();
      by_thread = 1;
      shared.lock.unlock();
    });
    require(shared.count.read() == 2 + by_thread, "an increment is lost");
  });
}

/// Before a lock() comes to wait it looks a few times, and lets others go on each time: for none of
/// that, some of it, or all of it.
void stay_behind() {
  for (std::uint32_t left = 4 * model::any_of(3); left > 0; --left)
    model::give_way();
}

// Neither does the mutex stay locked, nor does who waits behind the cancelled one. It is locked
// from the beginning, so that there is a wait to cancel.
TEST(mutex_model, a_cancelled_lock_leaves_nothing_behind) {
  const auto body = [] {
    counter shared;
    sched::cancel_scope scope;
    bool was_locked = false;
    require(shared.lock.try_lock(), "locked before");
    workers().run(
        {increase_in(scope, shared, was_locked), increase(shared, 1)},
        [&] {
          stay_behind();
          scope.cancel();
        },
        [&] {
          stay_behind();
          shared.lock.unlock();
        });
    require(shared.count.read() == (was_locked ? 2 : 1), "an increment is lost");
    require(shared.lock.try_lock(), "it stays locked");
    shared.lock.unlock();
  };
  model::expect_holds(random_runs, body);
  model::expect_holds(search{.preemptions = 0, .stale_reads = 0}, body);
}

/// Destroyed by whoever of its holders unlocked it last, which is what its description allows: also
/// before the unlock of another one has returned.
class shared_for_a_while {
 public:
  explicit shared_for_a_while(int users) : users_(users) { new (memory_) mutex; }

  [[nodiscard]] mutex& lock() noexcept { return *std::launder(reinterpret_cast<mutex*>(memory_)); }

  /// With the mutex locked.
  void unlock_and_leave() {
    const bool is_last = leave();
    lock().unlock();
    if (!is_last) return;
    std::destroy_at(&lock());
    std::memset(memory_, model::memory_of_ended, sizeof memory_);
  }
  /// By one who has not locked it.
  bool leave() { return users_.fetch_sub(1, base::memory_order_acq_rel) == 1; }

 private:
  alignas(mutex) unsigned char memory_[sizeof(mutex)];
  base::atomic<int> users_;
};

job hold_once(shared_for_a_while& shared) {
  auto held = co_await shared.lock().lock();
  require(static_cast<bool>(held), "not locked");
  held.release();
  shared.unlock_and_leave();
}

sched::task<> hold_unless_cancelled(shared_for_a_while& shared) {
  auto held = co_await shared.lock().lock();
  if (held.release()) {
    shared.unlock_and_leave();
  } else {
    shared.leave();
  }
}
job hold_in(sched::cancel_scope& scope, shared_for_a_while& shared) {
  auto work = hold_unless_cancelled(shared);
  co_await scope.run(std::move(work));
}

TEST(mutex_model, may_be_destroyed_by_who_unlocked_it_last) {
  model::expect_holds(search{.preemptions = 2, .stale_reads = 1}, [] {
    shared_for_a_while shared(2);
    workers().run({hold_once(shared), hold_once(shared)});
  });
  // The cancelled one leaves the line, but for a while the mutex still says that somebody is in it.
  model::expect_holds(search{.preemptions = 2, .stale_reads = 0}, [] {
    shared_for_a_while shared(3);
    sched::cancel_scope scope;
    require(shared.lock().try_lock(), "locked before");
    workers().run(
        {hold_in(scope, shared)},
        [&] {
          for (int i = 0; i < 4; ++i)
            model::give_way();
          scope.cancel();
          shared.unlock_and_leave();
        },
        [&] {
          while (!shared.lock().try_lock())
            model::give_way();
          shared.unlock_and_leave();
        });
  });
}

}  // namespace
}  // namespace tacit::sync
