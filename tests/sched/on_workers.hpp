#pragma once

#include <utility>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/join.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::sched {

inline scheduler_options with_workers(int count) {
  scheduler_options options;
  options.workers = static_cast<std::uint32_t>(count);
  return options;
}

template <class T>
task<T> joined(join_handle<T> handle) {
  co_return co_await std::move(handle);
}

/// Spawns the task, waits for it on the calling thread, and gives its value.
template <class T>
T run_in(scheduler& pool, task<T> body, spawn_options options = {}) {
  return block_on(joined(pool.spawn(std::move(body), options)));
}

/// Runs the task to its end on a scheduler with that many workers; with 0, on the calling thread.
template <class T>
T run_on(int workers, task<T> body) {
  if (workers == 0) return block_on(std::move(body));
  scheduler pool(with_workers(workers));
  return run_in(pool, std::move(body));
}

template <class T>
task<T> in_scope(cancel_scope& scope, task<T> body) {
  co_return co_await scope.run(std::move(body));
}

}  // namespace tacit::sched
