#pragma once

#include <coroutine>
#include <cstdint>
#include <tacit/base/source_place.hpp>

#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/cancel.hpp>

namespace tacit::sync {

class waiter_list;

/// A coroutine that waits in the list of a primitive (mutex, semaphore, channel, …), until it is
/// granted what it waits for or its scope is cancelled, whichever comes first; never both.
///
/// The primitive's lock decides: under it a waiter is taken from the list and granted, and under it
/// a cancelled one leaves the list. What a cancelled wait leaves behind is therefore nothing.
///
/// An awaiter derives from it and does, in await_suspend:
///     if (!begin(awaiting, "semaphore", primitive.lock, place)) return false;
///     const std::lock_guard lock(primitive.lock);
///     if (is_cancelled()) return false;
///     if (it can be had now) { take it; accept(); return false; }
///     enqueue(primitive.waiting);
///     return true;
/// and in await_resume: end(), then error(), which says why it was cancelled, or nothing. Who
/// grants takes a waiter with waiter_list::grant_first() under the lock, and calls make_ready()
/// after it has left the lock.
class waiter : public sched::runnable, public sched::cancel_hook {
 public:
  /// False if the scope is cancelled already: do not suspend. `lock` is the primitive's.
  template <class Promise>
  bool begin(std::coroutine_handle<Promise> awaiting, const char* waits_on, base::word_lock& lock,
             base::source_place place) noexcept {
    suspend(awaiting, waits_on, place);
    lock_ = &lock;
    scope_ = sched::current_scope::scope_of(awaiting);
    if (!scope_) return true;
    // Once it is added, error_ is written by whoever cancels.
    const base::error_code cause = scope_->add(*this);
    if (cause) error_ = cause;
    return !cause;
  }

  /// Under the primitive's lock, after begin(): cancelled before it came to wait.
  [[nodiscard]] bool is_cancelled() const noexcept { return state_ == state::cancelled; }

  /// Under the primitive's lock: it got what it wants without waiting.
  void accept() noexcept {
    state_ = state::granted;
    carry_on();
  }

  /// Under the primitive's lock. From here on the waiter may be granted and gone as soon as the
  /// lock is given back.
  void enqueue(waiter_list& list) noexcept;

  /// As enqueue(), before all others: for one who was first already, and could not go on.
  void enqueue_first(waiter_list& list) noexcept;

  /// After the wait: nobody will touch the waiter any more.
  void end() noexcept {
    if (scope_) scope_->remove(*this);
  }

  [[nodiscard]] const base::error_code& error() const noexcept { return error_; }

 protected:
  ~waiter() = default;

  /// For a primitive where one who leaves the list may let others pass (the first of a
  /// semaphore's). Under no lock of the primitive, before the waiter is made ready.
  virtual void left() noexcept {}

 private:
  friend class waiter_list;
  enum class state : std::uint8_t { starting, queued, granted, cancelled };

  void on_cancelled(const base::error_code& cause) noexcept override;

  sched::cancel_scope* scope_ = nullptr;
  base::word_lock* lock_ = nullptr;
  waiter_list* list_ = nullptr;  // Guarded by *lock_, as is what follows.
  waiter* previous_ = nullptr;
  waiter* following_ = nullptr;
  state state_ = state::starting;
  base::error_code error_;
};

/// Who waits at a primitive, first come first served. Guarded by the primitive's lock.
class waiter_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return !first_; }
  [[nodiscard]] waiter* first() const noexcept { return first_; }

  /// Takes the first one off; it can no longer be cancelled. nullptr if nobody waits. The caller
  /// makes it ready.
  waiter* grant_first() noexcept {
    waiter* granted = first_;
    if (granted) grant(*granted);
    return granted;
  }

  void grant(waiter& which) noexcept {
    remove(which);
    which.state_ = waiter::state::granted;
  }

 private:
  friend class waiter;
  void push(waiter& which) noexcept;
  void push_first(waiter& which) noexcept;
  void remove(waiter& which) noexcept;

  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
};

}  // namespace tacit::sync
