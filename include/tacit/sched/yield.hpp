#pragma once

#include <coroutine>
#include <tacit/base/source_place.hpp>

#include <tacit/sched/agent.hpp>

namespace tacit::sched {

/// Lets the worker look at its reactor and run what is ready before it goes on with the awaiting
/// coroutine: for loops that could go on for long without ever having to wait. On a thread that is
/// no worker it does nothing: there the kernel shares the CPU out.
class [[nodiscard]] yield final : public runnable {
 public:
  [[nodiscard]] bool await_ready() const noexcept;
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    suspend(awaiting, "yield", place);
    requeue();
  }
  void await_resume() const noexcept {}

 private:
  void requeue() noexcept;
};

}  // namespace tacit::sched
