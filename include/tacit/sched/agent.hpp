#pragma once

#include <coroutine>
#include <cstdint>
#include <tacit/base/source_place.hpp>

#include <tacit/base/clock.hpp>
#include <tacit/memory/frame_note.hpp>

namespace tacit::sched {

class agent;

/// A suspended coroutine that waits to be made ready, and a link for the queue it will then be in.
///
/// Awaiters derive from it or hold one, so that waiting and being queued allocate nothing.
/// Lifetime: valid until the coroutine is resumed; whoever takes it off a queue reads it before
/// that.
struct runnable {
  std::coroutine_handle<> coroutine;
  runnable* next;            ///< Belongs to the queue that the runnable is in.
  agent* home;               ///< Where the coroutine was suspended.
  memory::frame_note* note;  ///< Null for a coroutine of another library.

  runnable() noexcept : next(nullptr), home(nullptr), note(nullptr) {}

  /// Sets nothing but these two: for what is made often.
  runnable(std::coroutine_handle<> of, memory::frame_note& its_note) noexcept
      : coroutine(of), note(&its_note) {}  // NOLINT(*-member-init)

  /// Notes whose coroutine it is and, for the listing of live coroutines, what it waits on (a
  /// static text) and where. To be called in await_suspend, before anybody can make it ready. The
  /// place is a default argument of await_suspend: there it is that of the co_await.
  template <class Promise>
  void suspend(std::coroutine_handle<Promise> awaiting, const char* waits_on,
               base::source_place place) noexcept;

  /// For an await_suspend that finds that there is nothing to wait for: `return carry_on();`
  bool carry_on() noexcept {
    if (note) memory::note(note->now, memory::frame_note::state::running);
    return false;
  }

  /// Puts the coroutine into its agent's queue. To be called once per suspension, from any thread.
  void make_ready() noexcept;

  /// Goes on with the coroutine on the calling thread.
  void resume() const {
    if (note) memory::note(note->now, memory::frame_note::state::running);
    coroutine.resume();
  }
};

/// What runs coroutines: a worker of the scheduler, or a thread that blocks until one task is done.
class agent {
 public:
  virtual void make_ready(runnable& ready) noexcept = 0;

  /// A recent time: when the agent last looked at the clock. Own thread only.
  [[nodiscard]] base::steady_time coarse_now() const noexcept { return now_; }

  /// Somebody has looked at the clock for the agent. Own thread only.
  void notice_time(base::steady_time now) noexcept { now_ = now; }

 protected:
  ~agent() = default;
  base::steady_time now_{};
};

inline void runnable::make_ready() noexcept {
  if (note) memory::note(note->now, memory::frame_note::state::ready);
  home->make_ready(*this);
}

/// The agent that the calling thread is, or nullptr.
[[nodiscard]] agent* current_agent() noexcept;

namespace detail {
/// Makes `next` the calling thread's agent and returns the one before.
agent* exchange_current_agent(agent* next) noexcept;
}  // namespace detail

}  // namespace tacit::sched

#include <tacit/sched/promise.hpp>
