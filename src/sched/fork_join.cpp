#include <tacit/sched/fork_join.hpp>

namespace tacit::sched::detail {

// The paths that every child takes are in worker.cpp, beside what they touch.
void fork_join::fail(promise_base& failed) noexcept {
  promise_base* expected = nullptr;
  first_failed_.compare_exchange_strong(expected, &failed, base::memory_order_acq_rel);
  scope_.cancel(base::errc::cancelled);
}

}  // namespace tacit::sched::detail
