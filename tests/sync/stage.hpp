#pragma once

#include <tacit/sched/agent.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::tests {

/// Runs coroutines on the test's own thread, one after the other, and comes back when none of them
/// can go on: so that a test sees who waits.
class stage final : public sched::agent {
 public:
  stage() noexcept : previous_(sched::detail::exchange_current_agent(this)) {}
  ~stage() { sched::detail::exchange_current_agent(previous_); }
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  void make_ready(sched::runnable& ready) noexcept override {
    ready.next = nullptr;
    (last_ ? last_->next : first_) = &ready;
    last_ = &ready;
  }

  /// Starts `body`, and runs it and all that are ready until they wait or end.
  template <class T>
  sched::join_handle<T> start(sched::task<T> body, sched::cancel_scope* scope = nullptr) {
    auto handle = sched::start_here(std::move(body), scope);
    settle();
    return handle;
  }

  void settle() {
    while (sched::runnable* next = first_) {
      first_ = next->next;
      if (!first_) last_ = nullptr;
      next->resume();
    }
  }

 private:
  sched::agent* previous_;
  sched::runnable* first_ = nullptr;
  sched::runnable* last_ = nullptr;
};

inline sched::scheduler_options with_workers(std::uint32_t count) {
  sched::scheduler_options options;
  options.workers = count;
  return options;
}

template <class T>
sched::task<T> join(sched::join_handle<T> handle) {
  co_return co_await std::move(handle);
}

/// Runs `body` on `pool` and waits for its end.
template <class T>
T run_on(sched::scheduler& pool, sched::task<T> body) {
  return sched::block_on(join(pool.spawn(std::move(body))));
}

}  // namespace tacit::tests
