#pragma once

#include <cassert>
#include <optional>
#include <tacit/base/source_place.hpp>

#include <tacit/base/clock.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/promise.hpp>
#include <tacit/sched/task.hpp>
#include <tacit/sched/timer_queue.hpp>

namespace tacit::sched {

namespace detail {
class fork_join;
}

/// Something that wants to be told when a scope is cancelled: a wait, or a scope inside it.
class cancel_hook {
 public:
  cancel_hook() noexcept {}  // NOLINT(*-member-init): see linked_.
  cancel_hook(const cancel_hook&) = delete;
  cancel_hook& operator=(const cancel_hook&) = delete;

  /// Called at most once, on the thread that cancels and under the scope's lock: it must be short,
  /// must not call the scope, and runs no coroutine but makes it ready.
  virtual void on_cancelled(const base::error_code& cause) noexcept = 0;

 protected:
  ~cancel_hook() = default;

 private:
  friend class cancel_scope;
  bool linked_ = false;    // Guarded by the scope's lock, as are the next two.
  cancel_hook* previous_;  // While linked.
  cancel_hook* following_;
};

/// What a piece of work runs under: it can be given up as a whole, for a cause, by anybody.
///
/// A coroutine's scope is inherited by everything that it awaits and by the children of when_all,
/// when_any and task_group. Cancelling a scope ends the waits of all coroutines in it, and in the
/// scopes inside it: each gives `cause` as its error, and the coroutine decides what to do about
/// it. Nothing is interrupted that does not wait; a wait that begins later ends at once.
///
/// The first cause wins. A scope cannot be used again.
///
/// Cost:      a scope in which nothing waits is never linked to its parent; a wait inside one or
///            more scopes takes the nearest one's lock twice.
/// Threads:   cancel() and is_cancelled() from any; run() by the coroutine that has it.
/// Lifetime:  outlives the work in it, and is outlived by its parent.
class cancel_scope : private cancel_hook {
 public:
  explicit cancel_scope(cancel_scope* parent = nullptr) noexcept : parent_(parent) {}
  virtual ~cancel_scope() {
    if (attached_.load(base::memory_order_relaxed)) parent_->remove(*this);
    assert(!first_ && "a cancel scope outlives what waits in it");
  }

  /// Ends every wait in this scope. False if it was cancelled before.
  bool cancel(base::error_code cause = base::errc::cancelled) noexcept;

  /// Whether this scope or one around it was cancelled.
  [[nodiscard]] bool is_cancelled() const noexcept;

  /// Why; no error if it is not cancelled.
  [[nodiscard]] base::error_code cause() const noexcept;

  /// The time at which the nearest deadline_scope around will cancel, if there is one.
  [[nodiscard]] std::optional<base::steady_time> deadline() const noexcept;

  /// `co_await scope.run(work)` runs `work` in this scope.
  template <class T>
  auto run(task<T> work) noexcept;

  /// For awaiters: has `hook` told of a cancellation until remove(). Returns the cause, and does
  /// not add it, if there was one already.
  [[nodiscard]] base::error_code add(cancel_hook& hook) noexcept;

  /// For awaiters: after it the hook is not being called, and will not be. A hook that was never
  /// added may be removed.
  void remove(cancel_hook& hook) noexcept;

 protected:
  base::steady_time deadline_ = base::steady_time::max();

 private:
  void on_cancelled(const base::error_code& cause) noexcept final { cancel(cause); }
  void unlink(cancel_hook& hook) noexcept;

  friend class detail::fork_join;  // Which learns its parent when it is awaited.

  cancel_scope* parent_;
  mutable base::word_lock lock_;
  base::atomic<bool> cancelled_{false};  // Set under lock_, after cause_.
  base::atomic<bool> attached_{false};   // Whether the parent was asked to tell us.
  cancel_hook* first_ = nullptr;         // Guarded by lock_.
  base::error_code cause_;               // Written once, under lock_.
};

/// A scope that cancels itself with errc::timed_out when its time has come, or earlier if a scope
/// around it does so.
///
/// On a thread that is no worker there is nothing to fire it: a wait there blocks the thread, and a
/// sleep ends at the deadline by itself.
class deadline_scope final : public cancel_scope, private timer {
 public:
  explicit deadline_scope(base::steady_time due, cancel_scope* parent = nullptr) noexcept;
  ~deadline_scope() override;

  /// Once the work in it has ended: no longer waits for the deadline. Returns why the scope was
  /// cancelled, if it was, which on a thread that is no worker shows only here.
  base::error_code settle() noexcept;

 private:
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;
  timer_queue* timers_;
};

namespace detail {

template <class T>
struct scoped_task_awaiter {
  task<T> running;
  cancel_scope* scope;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> awaiting,
      base::source_place place = base::source_place::current()) noexcept {
    promise_base& promise = running.promise();
    const auto started = promise.start_in(awaiting, place);
    promise.scope = scope;
    return started;
  }
  T await_resume() { return running.result(); }
};

}  // namespace detail

template <class T>
auto cancel_scope::run(task<T> work) noexcept {
  return detail::scoped_task_awaiter<T>{std::move(work), this};
}

/// `co_await current_scope()` is the awaiting coroutine's scope, or nullptr.
class current_scope {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    found_ = scope_of(awaiting);
    return false;
  }
  [[nodiscard]] cancel_scope* await_resume() const noexcept { return found_; }

  /// The scope of a coroutine; null for one of another library.
  template <class Promise>
  [[nodiscard]] static cancel_scope* scope_of(
      [[maybe_unused]] std::coroutine_handle<Promise> coroutine) noexcept {
    if constexpr (TacitPromise<Promise>) return coroutine.promise().scope;
    return nullptr;
  }

 private:
  cancel_scope* found_ = nullptr;
};

}  // namespace tacit::sched
