#pragma once

#include <coroutine>

namespace tacit::sched {

class agent;

/// A suspended coroutine that waits to be made ready, and a link for the queue it will then be in.
///
/// Awaiters derive from it or hold one, so that waiting and being queued allocate nothing.
/// Lifetime: valid until the coroutine is resumed; whoever takes it off a queue reads it before
/// that.
struct runnable {
  std::coroutine_handle<> coroutine;
  runnable* next = nullptr;  ///< Belongs to the queue that the runnable is in.
  agent* home = nullptr;     ///< Where the coroutine was suspended, and is resumed.

  /// Puts the coroutine into its agent's queue. To be called once per suspension, from any thread.
  void make_ready() noexcept;
};

/// What runs coroutines: a worker of the scheduler, or a thread that blocks until one task is done.
class agent {
 public:
  virtual void make_ready(runnable& ready) noexcept = 0;

 protected:
  ~agent() = default;
};

inline void runnable::make_ready() noexcept {
  home->make_ready(*this);
}

/// The agent that the calling thread is, or nullptr.
[[nodiscard]] agent* current_agent() noexcept;

namespace detail {
/// Makes `next` the calling thread's agent and returns the one before.
agent* exchange_current_agent(agent* next) noexcept;
}  // namespace detail

}  // namespace tacit::sched
