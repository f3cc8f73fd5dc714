#pragma once

#include <coroutine>
#include <tacit/base/source_place.hpp>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/promise.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::sched {
namespace detail {

// A root is a task that nobody awaits in its frame. The coroutine and its join handle meet in
// promise_base::meeting: null at first; then the waiting coroutine's runnable, `root_ended()`, or
// `root_detached()`. Whoever comes second, the end or the handle's destruction, destroys the frame.

[[nodiscard]] inline void* root_ended(promise_base& root) noexcept {
  return &root;
}
[[nodiscard]] void* root_detached() noexcept;

/// What a root's end does, whoever it belongs to.
inline void finish_root(promise_base& root) noexcept {
  // acq_rel: the result is published to the joiner, its runnable is seen by us.
  void* const met = root.meeting.exchange(root_ended(root), base::memory_order_acq_rel);
  if (met == root_detached()) {
    root.self.coroutine.destroy();
  } else if (met) {
    static_cast<runnable*>(met)->make_ready();
  }
}

/// The hook of roots that belong to no scheduler.
[[nodiscard]] end_hook& lone_root() noexcept;

}  // namespace detail

/// The right to wait for a spawned task and to take its value.
///
/// Awaiting it gives the value or rethrows what left the task. Destroying it without awaiting
/// detaches the task: it runs on, and an exception of it is lost.
///
/// Threads:   one owner; awaited at most once.
/// Cancel:    awaiting it ignores cancellation, because the value would be lost. Give the task a
///            scope of its own and cancel that: then it ends, and so does the wait.
template <class T = void>
class [[nodiscard]] join_handle {
 public:
  using handle = typename task<T>::handle;

  join_handle() = default;
  explicit join_handle(handle frame) noexcept : frame_(frame) {}
  join_handle(join_handle&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  join_handle& operator=(join_handle&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~join_handle() {
    if (!frame_) return;
    void* running = nullptr;
    // Release: what its owner did with the frame comes before its destruction elsewhere.
    if (!frame_.promise().meeting.compare_exchange_strong(running, detail::root_detached(),
                                                          base::memory_order_acq_rel,
                                                          base::memory_order_acquire)) {
      frame_.promise().destroy();
    }
  }

  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  [[nodiscard]] bool has_ended() const noexcept {
    auto& promise = frame_.promise();
    return promise.meeting.load(base::memory_order_acquire) == detail::root_ended(promise);
  }

  /// The value of a task that has_ended(), or the exception that left it.
  T take() { return frame_.promise().take(); }

  /// Lets the task run on by itself.
  void detach() && noexcept { join_handle dropped(std::move(*this)); }

  struct awaiter : runnable {
    explicit awaiter(handle joined) noexcept : frame(joined) {}
    handle frame;

    bool await_ready() const noexcept {
      auto& promise = frame.promise();
      return promise.meeting.load(base::memory_order_acquire) == detail::root_ended(promise);
    }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting,
                       base::source_place place = base::source_place::current()) noexcept {
      suspend(awaiting, "join", place);
      memory::note(frame.promise().note().awaited_by, static_cast<const void*>(awaiting.address()));
      void* expected = nullptr;
      // Fails only if the task has ended meanwhile: then do not suspend.
      const bool waits = frame.promise().meeting.compare_exchange_strong(
          expected, static_cast<runnable*>(this), base::memory_order_acq_rel,
          base::memory_order_acquire);
      return waits ? true : carry_on();
    }
    T await_resume() { return frame.promise().take(); }
  };

  /// The handle must outlive the await.
  awaiter operator co_await() && noexcept { return awaiter{frame_}; }

 private:
  handle frame_;
};

/// Runs `body` at once on the caller's stack, up to its first suspension, in `scope` if one is
/// given, which then outlives it.
///
/// For callers that do something else when a task does not end straight away.
template <class T>
join_handle<T> start_here(task<T> body, cancel_scope* scope = nullptr) {
  auto& promise = body.promise();
  promise.be_root(detail::lone_root(), scope);
  const auto frame = body.release();
  promise.self.resume();
  return join_handle<T>{frame};
}

}  // namespace tacit::sched
