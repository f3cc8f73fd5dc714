#pragma once

#include <cstdint>
#include <utility>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::sync {

template <class T>
sched::task<T> await_end(sched::join_handle<T> handle) {
  co_return co_await std::move(handle);
}

/// Runs `body` on the pool to its end.
template <class T>
T run_on(sched::scheduler& pool, sched::task<T> body) {
  return sched::block_on(await_end(pool.spawn(std::move(body))));
}

/// As above on a pool of its own.
template <class T>
T run_on_workers(std::uint32_t count, sched::task<T> body) {
  sched::scheduler_options options;
  options.workers = count;
  sched::scheduler pool(options);
  return run_on(pool, std::move(body));
}

}  // namespace tacit::sync
