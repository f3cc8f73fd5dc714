#pragma once

#include <coroutine>
#include <mutex>
#include <vector>

#include <tacit/base/error.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/sched/cancel.hpp>

namespace tacit::sched {

/// Something that happens once, for which coroutines wait until their scope is cancelled. The
/// simplest thing to wait for, and slow: for tests of the layer below the real primitives.
///
/// Awaiting gives no error, or the cause of the cancellation.
/// Threads: set() from any.
class event {
 public:
  void set() {
    std::vector<runnable*> ready;
    {
      const std::lock_guard lock(mutex_);
      is_set_ = true;
      for (waiting* each : waiting_) {
        each->decided = true;
        ready.push_back(each);
      }
      waiting_.clear();
    }
    for (runnable* each : ready)
      each->make_ready();
  }

  [[nodiscard]] bool is_set() {
    const std::lock_guard lock(mutex_);
    return is_set_;
  }

  /// How many coroutines wait: for a test that must know that they do.
  [[nodiscard]] std::size_t waiters() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

  struct waiting final : runnable, cancel_hook {
    explicit waiting(event& awaited) : of(awaited) {}
    event& of;
    cancel_scope* scope = nullptr;
    base::error_code error;
    bool decided = false;  // Guarded by the event's mutex.

    [[nodiscard]] bool await_ready() const { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting,
                       base::source_place place = base::source_place::current()) {
      suspend(awaiting, "event", place);
      scope = current_scope::scope_of(awaiting);
      if (scope) {
        // Not straight into `error`: once it is added it may be cancelled, and `error` be written.
        if (const base::error_code cause = scope->add(*this)) {
          error = cause;
          return carry_on();
        }
      }
      const std::lock_guard lock(of.mutex_);
      if (decided || of.is_set_) return carry_on();
      of.waiting_.push_back(this);
      return true;
    }
    base::error_code await_resume() {
      if (scope) scope->remove(*this);
      return error;
    }
    void on_cancelled(const base::error_code& cause) noexcept override {
      {
        const std::lock_guard lock(of.mutex_);
        if (decided) return;
        decided = true;
        error = cause;
        if (std::erase(of.waiting_, this) == 0) return;  // await_suspend() will see it.
      }
      make_ready();
    }
  };

  waiting operator co_await() { return waiting(*this); }

 private:
  std::mutex mutex_;
  bool is_set_ = false;            // Guarded by mutex_, as is what follows.
  std::vector<waiting*> waiting_;  // As many as the test has coroutines.
};

}  // namespace tacit::sched
