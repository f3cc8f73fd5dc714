#pragma once

#include <cassert>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/base/source_place.hpp>
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
///
/// Coroutines are made often. So what whoever starts one sets anyway is not set before: `hook`,
/// `scope`, and the member of the union that goes with the hook.
struct promise_base {
  runnable self;  ///< For being started through a queue.
  union {
    std::coroutine_handle<> continuation;  ///< Without a hook: resumed at the end.
    std::uint32_t chain;                   ///< Children of when_all: see fork_join.hpp.
    base::atomic<void*> meeting;           ///< Roots: see join.hpp.
  };
  end_hook* hook;                // Null if it is simply awaited.
  cancel_scope* scope;           ///< Null for none.
  std::exception_ptr exception;  ///< What left the coroutine.

  /// Whether nothing but memory is left of the coroutine once it has ended without an exception,
  /// and its value has been taken.
  bool is_plain;

  explicit promise_base(bool plain) noexcept  // NOLINT(*-member-init): see above.
      : self(std::coroutine_handle<promise_base>::from_promise(*this), note()), is_plain(plain) {}
  promise_base(const promise_base&) = delete;
  promise_base& operator=(const promise_base&) = delete;

  static void* operator new(std::size_t bytes) { return memory::frame_pool::allocate(bytes); }
  static void operator delete(void* frame) noexcept { memory::frame_pool::deallocate(frame); }

  void unhandled_exception() noexcept { exception = std::current_exception(); }
  [[nodiscard]] memory::frame_note& note() noexcept {
    // Where the frame begins does not depend on what comes after the base (checked where a task is
    // made).
    return memory::frame_note::of(
        std::coroutine_handle<promise_base>::from_promise(*this).address());
  }

  /// Makes this coroutine part of the one that awaits it: same scope, same request.
  template <class Promise>
  void inherit(std::coroutine_handle<Promise> awaiting) noexcept;

  /// Prepares the coroutine for being resumed at once, as part of the one that awaits it.
  template <class Promise>
  std::coroutine_handle<> start_in(std::coroutine_handle<Promise> awaiting,
                                   base::source_place place) noexcept;

  /// Destroys a coroutine that has ended. Of a plain one it only gives the memory back: destroy()
  /// would enter the coroutine a second time, which costs more than a small one does.
  void destroy_ended() noexcept {
    if (is_plain && !exception) {
      operator delete(self.coroutine.address());
    } else {
      self.coroutine.destroy();
    }
  }

  /// Prepares the coroutine for being a root, which ends by way of `by`.
  void be_root(end_hook& by, cancel_scope* in) noexcept {
    hook = &by;
    scope = in;
    std::construct_at(&meeting, nullptr);
  }
};

/// A promise of this library, as opposed to one of another library whose coroutine awaits ours.
template <class Promise>
concept TacitPromise = std::derived_from<Promise, promise_base>;

namespace detail {

/// Whether a coroutine that is about to end runs nested, in which case nobody looks at it any more:
/// it need not stop at its end. To be asked once: the caller of the nested one then knows.
[[nodiscard]] bool ends_nested(const promise_base& ending) noexcept;

struct final_awaiter {
  bool is_gone;

  bool await_ready() noexcept { return is_gone; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    promise_base& promise = ended.promise();
    return promise.hook ? promise.hook->on_ended(promise) : promise.continuation;
  }
  void await_resume() noexcept {}
};

}  // namespace detail

/// Notes where a coroutine awaits another one.
template <class Promise>
void note_place([[maybe_unused]] std::coroutine_handle<Promise> awaiting,
                [[maybe_unused]] base::source_place place) noexcept {
  if constexpr (TacitPromise<Promise>) memory::note(awaiting.promise().note().place, place);
}

template <class Promise>
void promise_base::inherit([[maybe_unused]] std::coroutine_handle<Promise> awaiting) noexcept {
  if constexpr (TacitPromise<Promise>) {
    promise_base& parent = awaiting.promise();
    scope = parent.scope;
    memory::note(note().awaited_by, static_cast<const void*>(awaiting.address()));
    memory::note(note().request, parent.note().request.load(base::memory_order_relaxed));
  } else {
    scope = nullptr;
  }
}

template <class Promise>
std::coroutine_handle<> promise_base::start_in(std::coroutine_handle<Promise> awaiting,
                                               base::source_place place) noexcept {
  hook = nullptr;
  continuation = awaiting;
  inherit(awaiting);
  note_place(awaiting, place);
  memory::note(note().now, memory::frame_note::state::running);
  return self.coroutine;
}

template <class Promise>
void runnable::suspend(std::coroutine_handle<Promise> awaiting, const char* waits_on,
                       [[maybe_unused]] base::source_place place) noexcept {
  coroutine = awaiting;
  home = current_agent();
  note = nullptr;
  if constexpr (TacitPromise<Promise>) {
    note = awaiting.promise().self.note;
    memory::note(note->place, place);
    memory::note(note->waits_on, waits_on);
    if (home) memory::note(note->since, home->coarse_now().time_since_epoch().count());
    memory::note(note->now, memory::frame_note::state::waiting);
  }
}

}  // namespace tacit::sched
