#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <initializer_list>
#include <optional>
#include <vector>

#include <tacit/sched/cancel.hpp>
#include <tacit/sched/timer_queue.hpp>

#include "model/explore.hpp"

namespace tacit::model {

class workers;

/// A coroutine of a body, to be given to workers::run(). Its frame goes when it ends: what somebody
/// still does with an awaiter in it is found (memory_of_ended).
struct job {
  struct promise_type {
    sched::cancel_scope* scope = nullptr;
    workers* on = nullptr;

    struct ended {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> which) const noexcept;
      void await_resume() const noexcept {}
    };
    job get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] ended final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { require(false, "an exception left a job"); }

    static void* operator new(std::size_t bytes);
    static void operator delete(void* frame) noexcept;
  };

  /// The same job, in a scope.
  [[nodiscard]] job in(sched::cancel_scope& scope) const {
    coroutine.promise().scope = &scope;
    return *this;
  }

  std::coroutine_handle<promise_type> coroutine;
};

/// Runs jobs as the scheduler does, with nothing of the scheduler: there are as many threads as
/// jobs, each begins one, and a job that waited goes on in whichever thread is free. So it may go
/// on, and end, while the thread that it was suspended on is still busy with suspending it.
///
/// A job that is never made ready ends in a deadlock; one that is made ready twice is found.
class workers final : public sched::agent {
 public:
  workers();
  workers(const workers&) = delete;
  workers& operator=(const workers&) = delete;
  ~workers();

  /// Those of the current run, or nullptr.
  [[nodiscard]] static workers* current() noexcept;

  /// Runs the jobs, and beside them the bodies as threads of their own. Once.
  template <class... Bodies>
  void run(std::initializer_list<job> jobs, Bodies... bodies) {
    for (const job& each : jobs)
      take_on(each);
    execution& all = *execution::current();
    std::vector<std::uint32_t> threads;
    for (const job& each : jobs)
      threads.push_back(all.spawn([this, each] { work(each); }));
    (threads.push_back(all.spawn(std::move(bodies))), ...);
    for (const std::uint32_t each : threads)
      all.join(each);
  }

  void make_ready(sched::runnable& ready) noexcept override;

  /// What this_worker::timers() gives. It is closed, or expires what it holds, when a body says so.
  [[nodiscard]] sched::timer_queue& timers() noexcept { return timers_; }

 private:
  friend struct job::promise_type;
  using handle = std::coroutine_handle<>;
  struct ready_job {
    handle coroutine;
    knowledge known;  // Of who made it ready: all that a queue would have to hand over.
  };

  void take_on(const job& which);
  void work(const job& first);
  [[nodiscard]] handle take_ready();
  void on_end(handle which);

  std::deque<ready_job> ready_;
  std::vector<handle> live_;
  sched::timer_queue timers_;
};

}  // namespace tacit::model

/// Without being a promise of Tacit, which would note what it waits on: steps that nobody asks for.
template <>
inline tacit::sched::cancel_scope* tacit::sched::current_scope::scope_of(
    std::coroutine_handle<tacit::model::job::promise_type> coroutine) noexcept {
  return coroutine.promise().scope;
}
