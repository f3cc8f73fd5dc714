#pragma once

#include <cstdint>

#include <tacit/base/clock.hpp>
#include <tacit/sched/poller.hpp>
#include <tacit/sched/timer_queue.hpp>

namespace tacit::sched {
class blocking_pool;
}

/// The worker that the calling thread is. After a suspension it may be another one.
namespace tacit::sched::this_worker {

/// Its timers, or nullptr if the thread is no worker.
[[nodiscard]] timer_queue* timers() noexcept;

/// Its poller, or nullptr if the thread is no worker.
[[nodiscard]] poller* current_poller() noexcept;

/// The time when the worker last came out of its poller: for deadlines that may be coarse. The
/// present time if the thread is no worker.
[[nodiscard]] base::steady_time coarse_now() noexcept;

/// True once the scheduler is stopping: whoever would wait should give up instead. False if the
/// thread is no worker.
[[nodiscard]] bool is_stopping() noexcept;

/// Its scheduler's threads for blocking work, or nullptr if the thread is no worker.
[[nodiscard]] blocking_pool* blocking_threads() noexcept;

/// To be asked by an operation that could go on without waiting. False if the running coroutine has
/// had its share of those: then the operation yields first (sched::yield), so that a coroutine for
/// which there is always something to do does not keep a worker. True if the thread is no worker.
[[nodiscard]] bool spend_budget() noexcept;

/// The running coroutine has turned to this request: a stall that is seen from now on is reported
/// with it. Nothing happens if the thread is no worker.
void serves(std::uint64_t request) noexcept;

}  // namespace tacit::sched::this_worker
