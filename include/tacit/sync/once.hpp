#pragma once

#include <concepts>
#include <coroutine>
#include <functional>
#include <tacit/base/source_place.hpp>
#include <type_traits>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/task.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::sync {

/// Runs something once, whoever asks for it first: `co_await o.call([] { return load(); })`.
///
/// One caller runs it, the others wait until it is done. If it throws, its caller gets the
/// exception and the next in line tries. Once it is done, a call costs a load.
///
/// Threads:   any.
/// Lifetime:  outlives every call.
/// Cancel:    a call that waits for another's gives the cause. The running one is not disturbed:
///            it is cancelled with its caller, and what it returns then counts as done. To have the
///            next one try, throw.
class once {
 public:
  once() = default;
  once(const once&) = delete;
  once& operator=(const once&) = delete;

  /// `work` is a function, or one that returns a task<>. Gives an error_code.
  template <std::invocable Work>
  [[nodiscard]] auto call(Work work) noexcept;

  [[nodiscard]] bool is_done() const noexcept { return done_.load(base::memory_order_acquire); }

 private:
  template <std::invocable Work>
  class call_awaiter;
  class in_line;
  class turn;

  template <std::invocable Work>
  sched::task<base::error_code> call_slowly(Work work, bool give_way);
  [[nodiscard]] bool needs_wait() noexcept;
  void end_turn(bool done) noexcept;

  base::atomic<bool> done_{false};
  base::word_lock lock_;
  bool is_running_ = false;  // Guarded by lock_.
  waiter_list line_;         // Guarded by lock_.
};

/// A caller while another one runs. Granted, it finds the work done, or has its turn.
class once::in_line final : public waiter {
 public:
  explicit in_line(once& what) noexcept : once_(what) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    return begin(awaiting, "once", once_.lock_, place) && wait() ? true : carry_on();
  }
  base::error_code await_resume() noexcept {
    end();
    return error();
  }

 private:
  bool wait() noexcept;

  once& once_;
};

/// Ends the caller's turn, however it comes about.
class once::turn {
 public:
  explicit turn(once& what) noexcept : once_(what) {}
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn() { once_.end_turn(done_); }
  void set_done() noexcept { done_ = true; }

 private:
  once& once_;
  bool done_ = false;
};

template <std::invocable Work>
class [[nodiscard]] once::call_awaiter {
 public:
  call_awaiter(once& what, Work&& work) noexcept : once_(what), work_(std::move(work)) {}

  [[nodiscard]] bool await_ready() noexcept {
    give_way_ = !sched::this_worker::spend_budget();
    return !give_way_ && once_.is_done();
  }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting,
                                        base::source_place place = base::source_place::current()) {
    slowly_ = once_.call_slowly(std::move(work_), give_way_);
    return std::move(slowly_).operator co_await().await_suspend(awaiting, place);
  }
  base::error_code await_resume() { return slowly_ ? slowly_.result() : base::error_code{}; }

 private:
  once& once_;
  Work work_;
  sched::task<base::error_code> slowly_;
  bool give_way_ = false;
};

template <std::invocable Work>
auto once::call(Work work) noexcept {
  return call_awaiter<Work>(*this, std::move(work));
}

template <std::invocable Work>
sched::task<base::error_code> once::call_slowly(Work work, bool give_way) {
  if (give_way) co_await sched::yield();
  if (const base::error_code cause = co_await in_line(*this)) co_return cause;
  if (is_done()) co_return base::error_code{};
  turn mine(*this);
  if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
    std::invoke(work);
  } else {
    co_await std::invoke(work);
  }
  mine.set_done();
  co_return base::error_code{};
}

}  // namespace tacit::sync
