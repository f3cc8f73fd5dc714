#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "model/execution.hpp"

namespace tacit::model {

/// std::mutex; locking and unlocking are scheduling points.
class mutex {
 public:
  mutex() = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  void lock();
  bool try_lock();
  void unlock();

 private:
  friend class condition_variable;
  void lock_now(execution& run);
  void unlock_now(execution& run);

  bool locked_ = false;
  std::uint32_t holder_ = 0;
  knowledge published_;
};

/// std::condition_variable. A time limit expires only when no thread can go on otherwise, so no
/// wait is ended by it that a notification was to end.
class condition_variable {
 public:
  condition_variable() = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  void notify_one() noexcept;
  void notify_all() noexcept;

  void wait(std::unique_lock<mutex>& lock) { wait_once(lock, false); }
  template <class Predicate>
  void wait(std::unique_lock<mutex>& lock, Predicate holds) {
    while (!holds())
      wait(lock);
  }

  template <class Time>
  std::cv_status wait_until(std::unique_lock<mutex>& lock, const Time&) {
    return wait_once(lock, true) ? std::cv_status::no_timeout : std::cv_status::timeout;
  }
  template <class Time, class Predicate>
  bool wait_until(std::unique_lock<mutex>& lock, const Time& due, Predicate holds) {
    while (!holds()) {
      if (wait_until(lock, due) == std::cv_status::timeout) return holds();
    }
    return true;
  }
  template <class Duration>
  std::cv_status wait_for(std::unique_lock<mutex>& lock, const Duration& span) {
    return wait_until(lock, span);
  }
  template <class Duration, class Predicate>
  bool wait_for(std::unique_lock<mutex>& lock, const Duration& span, Predicate holds) {
    return wait_until(lock, span, std::move(holds));
  }

 private:
  bool wait_once(std::unique_lock<mutex>& lock, bool timed);
};

/// std::thread, of the current run.
class thread {
 public:
  thread() = default;
  template <class Body, class... Arguments>
  explicit thread(Body body, Arguments... arguments)
      : which_(execution::current()->spawn(
            [run = std::move(body), ... given = std::move(arguments)]() mutable {
              std::invoke(std::move(run), std::move(given)...);
            })),
        joinable_(true) {
    execution::current()->point();
  }
  thread(thread&& other) noexcept
      : which_(other.which_), joinable_(std::exchange(other.joinable_, false)) {}
  thread& operator=(thread&& other) noexcept {
    which_ = other.which_;
    joinable_ = std::exchange(other.joinable_, false);
    return *this;
  }

  [[nodiscard]] bool joinable() const noexcept { return joinable_; }
  void join() {
    execution::current()->join(which_);
    joinable_ = false;
  }

 private:
  std::uint32_t which_ = 0;
  bool joinable_ = false;
};

}  // namespace tacit::model
