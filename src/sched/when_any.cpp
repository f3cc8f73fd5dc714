#include <tacit/sched/when_any.hpp>

#include <tacit/base/error.hpp>

namespace tacit::sched::detail {

std::coroutine_handle<> race::on_ended(promise_base& ended) noexcept {
  promise_base* nobody = nullptr;
  if (winner_.compare_exchange_strong(nobody, &ended, base::memory_order_acq_rel)) {
    scope().cancel(base::errc::cancelled);
  }
  return fork_join::on_ended(ended);
}

}  // namespace tacit::sched::detail
