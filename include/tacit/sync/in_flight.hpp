#pragma once

#include <coroutine>
#include <cstdint>
#include <tacit/base/source_place.hpp>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/granted_list.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::sync::detail {

/// A count of what is under way, and who waits for the last of it: what gate and wait_group share.
///
/// It is over when the count is zero and nobody holds it open. Who brings that about touches
/// nothing afterwards unless somebody waits; who waits always takes the lock. So whoever has waited
/// may destroy it.
class in_flight {
 public:
  class over_awaiter;

  explicit in_flight(bool is_open) noexcept : word_(is_open ? open : 0) {}
  in_flight(const in_flight&) = delete;
  in_flight& operator=(const in_flight&) = delete;
  ~in_flight();

  void add(std::uint64_t count) noexcept;
  void subtract(std::uint64_t count) noexcept;
  [[nodiscard]] bool add_if_open() noexcept;
  void close() noexcept;

  [[nodiscard]] bool is_open() const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept;

 private:
  // Neither held open nor counting, but with `waiting` set: it is over, and whoever ended it is
  // about to wake those in line.
  static constexpr std::uint64_t open = 1;
  static constexpr std::uint64_t waiting = 2;
  static constexpr std::uint64_t one = 4;

  [[nodiscard]] bool join_line(waiter& joining) noexcept;
  void wake_all() noexcept;

  base::atomic<std::uint64_t> word_;
  base::word_lock lock_;
  waiter_list line_;  // Guarded by lock_.
};

class [[nodiscard]] in_flight::over_awaiter final : private waiter {
 public:
  over_awaiter(in_flight& what, const char* waits_on) noexcept : what_(what), waits_on_(waits_on) {}

  // Not a place to loop over what is always ready, so it spends no budget.
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    return begin(awaiting, waits_on_, what_.lock_, place) && wait() ? true : carry_on();
  }
  base::error_code await_resume() noexcept {
    end();
    return error();
  }

 private:
  bool wait() noexcept;

  in_flight& what_;
  const char* const waits_on_;
};

}  // namespace tacit::sync::detail
