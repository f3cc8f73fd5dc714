#include <tacit/sched/fork_join.hpp>

#include "sched/worker.hpp"

namespace tacit::sched::detail {

void fork(promise_base* const* children, std::size_t count) noexcept {
  std::size_t forked = 0;
  if (worker* here = worker::current()) forked = here->fork(children, count);
  for (; forked < count; ++forked) {
    runnable& child = children[forked]->self;
    child.home = current_agent();
    child.make_ready();
  }
}

promise_base* take_forked(const end_hook& hook) noexcept {
  worker* here = worker::current();
  return here ? here->take_forked(hook) : nullptr;
}

std::coroutine_handle<> fork_join::on_ended(promise_base& ended) noexcept {
  if (ended.exception) [[unlikely]]
    fail(ended);
  const std::uint32_t chain = ended.chain;
  if (promise_base* next = take_forked(*this)) {
    next->chain = chain + 1;
    return next->self.coroutine;
  }
  if (chain == count_) return parent_;
  // The parent may have been resumed elsewhere, and this be gone, unless we are the last.
  if (left_.fetch_sub(chain, base::memory_order_acq_rel) == chain) return parent_;
  return std::noop_coroutine();
}

void fork_join::fail(promise_base& failed) noexcept {
  promise_base* expected = nullptr;
  first_failed_.compare_exchange_strong(expected, &failed, base::memory_order_acq_rel);
  scope_->cancel(base::errc::cancelled);
}

}  // namespace tacit::sched::detail
