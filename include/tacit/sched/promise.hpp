#pragma once

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <source_location>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/memory/frame_pool.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::sched {

class cancel_scope;
struct promise_base;

/// Told by a coroutine that it has ended; says what runs next on this thread. For coroutines that
/// are not simply awaited: roots, and the children of when_all and its like.
class end_hook {
 public:
  virtual std::coroutine_handle<> on_ended(promise_base& ended) noexcept = 0;

 protected:
  ~end_hook() = default;
};

/// What every coroutine of Tacit has in its frame, whatever it returns.
struct promise_base {
  runnable self;                         ///< For being started through a queue.
  std::coroutine_handle<> continuation;  ///< Resumed at the end, if there is no hook.
  end_hook* hook = nullptr;
  cancel_scope* scope = nullptr;         ///< Inherited from who awaits it; null for none.
  std::exception_ptr exception;          ///< What left the coroutine.
  base::atomic<void*> meeting{nullptr};  ///< For roots: see join.hpp.
  std::uint32_t chain = 0;               ///< For children of when_all: see fork_join.hpp.

  static void* operator new(std::size_t bytes) { return memory::frame_pool::allocate(bytes); }
  static void operator delete(void* frame) noexcept { memory::frame_pool::deallocate(frame); }

  void unhandled_exception() noexcept { exception = std::current_exception(); }
  [[nodiscard]] memory::frame_note& note() const noexcept { return *self.note; }

  /// Makes this coroutine part of the one that awaits it: same scope, same request.
  template <class Promise>
  void inherit(std::coroutine_handle<Promise> awaiting) noexcept;
};

/// A promise of this library, as opposed to one of another library whose coroutine awaits ours.
template <class Promise>
concept TacitPromise = std::derived_from<Promise, promise_base>;

namespace detail {

struct final_awaiter {
  bool await_ready() noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    promise_base& promise = ended.promise();
    return promise.hook ? promise.hook->on_ended(promise) : promise.continuation;
  }
  void await_resume() noexcept {}
};

struct initial_awaiter {
  memory::frame_note* note;
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {}
  void await_resume() noexcept { memory::note(note->now, memory::frame_note::state::running); }
};

/// Fills in the note of a coroutine that has just been made; the rest of it is as it should be.
inline void introduce(promise_base& promise, std::coroutine_handle<> coroutine,
                      std::source_location function) noexcept {
  memory::frame_note& note = memory::frame_note::of(coroutine.address());
  promise.self.coroutine = coroutine;
  promise.self.note = &note;
  memory::note(note.function, function);
}

}  // namespace detail

/// Notes where a coroutine awaits another one.
template <class Promise>
void note_place([[maybe_unused]] std::coroutine_handle<Promise> awaiting,
                [[maybe_unused]] std::source_location place) noexcept {
  if constexpr (TacitPromise<Promise>) memory::note(awaiting.promise().note().place, place);
}

template <class Promise>
void promise_base::inherit([[maybe_unused]] std::coroutine_handle<Promise> awaiting) noexcept {
  if constexpr (TacitPromise<Promise>) {
    const promise_base& parent = awaiting.promise();
    scope = parent.scope;
    memory::note(note().awaited_by, static_cast<const void*>(awaiting.address()));
    memory::note(note().request, parent.note().request.load(base::memory_order_relaxed));
  }
}

template <class Promise>
void runnable::suspend(std::coroutine_handle<Promise> awaiting, const char* waits_on,
                       [[maybe_unused]] std::source_location place) noexcept {
  coroutine = awaiting;
  home = current_agent();
  if constexpr (TacitPromise<Promise>) {
    note = awaiting.promise().self.note;
    memory::note(note->place, place);
    memory::note(note->waits_on, waits_on);
    if (home) memory::note(note->since, home->coarse_now().time_since_epoch().count());
    memory::note(note->now, memory::frame_note::state::waiting);
  }
}

}  // namespace tacit::sched
