#pragma once

#include <condition_variable>
#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <tacit/base/source_place.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/poller.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::sched {

/// A poller whose completions are made by the test.
class hand_fed_poller final : public poller {
 public:
  /// Told of each completion as it is taken, on the thread that polls. Set before there are any.
  std::function<void(runnable&)> on_delivery = [](runnable&) {};

  /// From any thread: the next poll() or wait() makes this one ready.
  void complete(runnable& waiting) {
    const std::lock_guard lock(mutex_);
    completed_.push_back(&waiting);
    changed_.notify_one();
  }

  std::size_t poll() override { return deliver(take()); }

  std::size_t wait(std::optional<base::steady_time> deadline) override {
    {
      std::unique_lock lock(mutex_);
      const auto is_over = [this] { return interrupted_ || !completed_.empty(); };
      if (deadline) {
        changed_.wait_until(lock, *deadline, is_over);
      } else {
        changed_.wait(lock, is_over);
      }
      interrupted_ = false;
    }
    return deliver(take());
  }

  void interrupt() noexcept override {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    changed_.notify_one();
  }

 private:
  std::vector<runnable*> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(completed_, {});
  }
  std::size_t deliver(const std::vector<runnable*>& all) {
    for (runnable* each : all) {
      on_delivery(*each);
      each->make_ready();
    }
    return all.size();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;          // Guarded by mutex_, as is what follows.
  std::vector<runnable*> completed_;  // As many as the test has coroutines.
};

/// An operation that completes at a poller, when the test says so.
class operation {
 public:
  explicit operation(hand_fed_poller& at) : at_(at) {}

  /// From any thread. Whoever awaits it goes on once the poller is polled.
  void complete() {
    runnable* waiting = nullptr;
    {
      const std::lock_guard lock(mutex_);
      is_complete_ = true;
      waiting = std::exchange(waiting_, nullptr);
    }
    if (waiting) at_.complete(*waiting);
  }

  [[nodiscard]] bool is_awaited() {
    const std::lock_guard lock(mutex_);
    return waiting_ != nullptr;
  }

  struct awaiter : runnable {
    explicit awaiter(operation& awaited) : of(awaited) {}
    operation& of;
    std::uint64_t delivered_at = 0;  // For the test's use.
    bool await_ready() const { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting,
                       base::source_place place = base::source_place::current()) {
      suspend(awaiting, "operation", place);
      {
        const std::lock_guard lock(of.mutex_);
        if (!of.is_complete_) {
          of.waiting_ = this;
          return;
        }
      }
      of.at_.complete(*this);
    }
    std::uint64_t await_resume() const { return delivered_at; }
  };
  awaiter operator co_await() { return awaiter(*this); }

 private:
  hand_fed_poller& at_;
  std::mutex mutex_;
  bool is_complete_ = false;  // Guarded by mutex_, as is what follows.
  runnable* waiting_ = nullptr;
};

inline scheduler_options with_hand_fed_pollers(int workers) {
  scheduler_options options;
  options.workers = static_cast<std::uint32_t>(workers);
  options.make_poller = [](std::uint32_t) { return std::make_unique<hand_fed_poller>(); };
  return options;
}

}  // namespace tacit::sched
