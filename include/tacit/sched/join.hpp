#pragma once

#include <coroutine>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::sched {

/// Told when a root coroutine has ended; the scheduler counts its live ones with it.
class root_observer {
 public:
  virtual void on_root_ended() noexcept = 0;

 protected:
  ~root_observer() = default;
};

namespace detail {

// The root of a spawned task. Two parties hold the frame, the running coroutine and the join
// handle; the last one destroys it. They meet in `meeting_`: null at first, then either the waiting
// coroutine's runnable or `ended`.
template <class T>
class root {
 public:
  struct promise_type : pooled_frame, returns<T> {
    base::atomic<int> holders{2};
    base::atomic<void*> meeting{nullptr};
    runnable start;
    root_observer* observer = nullptr;

    root get_return_object() noexcept {
      start.coroutine = std::coroutine_handle<promise_type>::from_promise(*this);
      return root{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct meet {
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          promise_type& promise = self.promise();
          root_observer* const to_tell = promise.observer;
          // acq_rel: the result is published to the joiner, its runnable is seen by us.
          void* waiting = promise.meeting.exchange(promise.ended(), base::memory_order_acq_rel);
          if (waiting) static_cast<runnable*>(waiting)->make_ready();
          promise.release(self);
          if (to_tell) to_tell->on_root_ended();
        }
        void await_resume() noexcept {}
      };
      return meet{};
    }
    void unhandled_exception() noexcept { this->outcome.set_exception(); }

    [[nodiscard]] void* ended() noexcept { return this; }
    [[nodiscard]] bool has_ended() const noexcept {
      return meeting.load(base::memory_order_acquire) == static_cast<const void*>(this);
    }
    void release(std::coroutine_handle<promise_type> self) noexcept {
      if (holders.fetch_sub(1, base::memory_order_acq_rel) == 1) self.destroy();
    }
  };

  explicit root(std::coroutine_handle<promise_type> made) noexcept : frame(made) {}
  std::coroutine_handle<promise_type> frame;
};

template <class T>
root<T> make_root(task<T> body) {
  co_return co_await std::move(body);
}

}  // namespace detail

/// The right to wait for a spawned task and to take its value.
///
/// Awaiting it gives the value or rethrows what left the task. Destroying it without awaiting
/// detaches the task: it runs on, and an exception of it is lost.
///
/// Threads:   one owner; awaited at most once.
/// Cancel:    awaiting cannot be cancelled yet.
template <class T = void>
class [[nodiscard]] join_handle {
  using promise_type = typename detail::root<T>::promise_type;

 public:
  join_handle() = default;
  explicit join_handle(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  join_handle(join_handle&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  join_handle& operator=(join_handle&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~join_handle() {
    if (frame_) frame_.promise().release(frame_);
  }

  [[nodiscard]] bool has_ended() const noexcept { return frame_.promise().has_ended(); }

  /// The value of a task that has_ended(), or the exception that left it.
  T take() { return frame_.promise().outcome.take(); }

  /// Lets the task run on by itself.
  void detach() && noexcept { join_handle dropped(std::move(*this)); }

  struct awaiter : runnable {
    explicit awaiter(std::coroutine_handle<promise_type> joined) noexcept : frame(joined) {}
    std::coroutine_handle<promise_type> frame;

    bool await_ready() const noexcept { return frame.promise().has_ended(); }
    bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
      coroutine = awaiting;
      home = current_agent();
      void* expected = nullptr;
      // Fails only if the task has ended meanwhile: then do not suspend.
      return frame.promise().meeting.compare_exchange_strong(expected, static_cast<runnable*>(this),
                                                             base::memory_order_acq_rel,
                                                             base::memory_order_acquire);
    }
    T await_resume() { return frame.promise().outcome.take(); }
  };

  /// The handle must outlive the await.
  awaiter operator co_await() && noexcept { return awaiter{frame_}; }

 private:
  std::coroutine_handle<promise_type> frame_;
};

/// Runs `body` at once on the caller's stack, up to its first suspension.
///
/// For callers that do something else when a task does not end straight away.
template <class T>
join_handle<T> start_here(task<T> body) {
  auto root = detail::make_root(std::move(body));
  root.frame.resume();
  return join_handle<T>{root.frame};
}

}  // namespace tacit::sched
