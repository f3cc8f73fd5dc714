#pragma once

#include <tacit/io/reactor.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::io {

[[nodiscard]] inline sched::scheduler_options reactors(std::uint32_t workers) {
  return with_reactors({.workers = workers, .make_poller = {}});
}

template <class T>
sched::task<T> join(sched::join_handle<T> handle) {
  co_return co_await std::move(handle);
}

/// Runs `body` on a worker and waits for its value.
template <class T>
T run(sched::scheduler& on, sched::task<T> body, sched::cancel_scope* scope = nullptr) {
  return sched::block_on(join(on.spawn(std::move(body), {.scope = scope})));
}

/// A task that does nothing but cancel. Spawned on a pool of one worker by a coroutine that then
/// waits, it cancels that wait.
inline sched::task<> cancel(sched::cancel_scope& scope, base::error_code cause) {
  scope.cancel(cause);
  co_return;
}

}  // namespace tacit::io
