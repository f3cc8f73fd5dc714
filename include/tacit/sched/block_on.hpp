#pragma once

#include <tacit/base/atomic.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/join.hpp>

namespace tacit::sched {

/// A thread that runs coroutines by itself and blocks while none of them is ready.
///
/// Threads:   constructed, run and destroyed by one thread; make_ready() from any.
class blocking_agent final : public agent {
 public:
  blocking_agent() noexcept : previous_(detail::exchange_current_agent(this)) {}
  ~blocking_agent() { detail::exchange_current_agent(previous_); }
  blocking_agent(const blocking_agent&) = delete;
  blocking_agent& operator=(const blocking_agent&) = delete;

  void make_ready(runnable& ready) noexcept override;

  /// Resumes one coroutine, after waiting for one to be ready.
  void run_one();

 private:
  agent* previous_;
  base::mutex mutex_;
  base::condition_variable became_ready_;
  runnable* first_ = nullptr;  // Guarded by mutex_.
  runnable* last_ = nullptr;   // Guarded by mutex_.
};

/// Runs `body` to its end on the calling thread and returns its value. Where the task waits for
/// something that another thread completes, this thread blocks.
///
/// Threads: not from a worker of a scheduler: it would stop running others.
template <class T>
T block_on(task<T> body) {
  blocking_agent here;
  auto handle = start_here(std::move(body));
  while (!handle.has_ended())
    here.run_one();
  return handle.take();
}

}  // namespace tacit::sched
