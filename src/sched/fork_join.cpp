#include <tacit/sched/fork_join.hpp>

namespace tacit::sched::detail {

// The paths that every child takes are in worker.cpp, beside what they touch.
void fork_join::fail(const promise_base& failed) noexcept {
  // The order of the counting in on_ended() carries it to the parent.
  if (!has_failed_.exchange(true, base::memory_order_relaxed)) first_exception_ = failed.exception;
  scope_.cancel(base::errc::cancelled);
}

}  // namespace tacit::sched::detail
