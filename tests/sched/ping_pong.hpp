#pragma once

#include <atomic>
#include <coroutine>
#include <utility>

#include <tacit/base/source_place.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::sched {

/// Hands the turn back and forth between two coroutines, each of which makes the other one ready.
class ping_pong {
 public:
  struct turn : runnable {
    explicit turn(ping_pong& in) : of(in) {}
    ping_pong& of;
    bool await_ready() const { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting,
                       base::source_place place = base::source_place::current()) {
      suspend(awaiting, "turn", place);
      if (runnable* other = of.waiting_.exchange(this)) other->make_ready();
    }
    void await_resume() const {}
  };

  /// Makes the other one ready, if it waits, and waits for it.
  turn pass() { return turn(*this); }

  /// Makes the other one ready, if it waits: for the one who ends.
  void leave() {
    if (runnable* other = waiting_.exchange(nullptr)) other->make_ready();
  }

 private:
  std::atomic<runnable*> waiting_{nullptr};
};

}  // namespace tacit::sched
