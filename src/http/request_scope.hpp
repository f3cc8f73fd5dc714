#pragma once

#include <chrono>
#include <optional>

#include <tacit/base/clock.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/timer_queue.hpp>

namespace tacit::http {

/// What a coroutine handler runs under: cancelled when its client leaves, or its time is over.
///
/// A handler that does not suspend pays for nothing but a few stores: the timer is set by
/// suspended().
///
/// Threads: suspended() and settle() by the connection; cancel() from any.
class request_scope final : public sched::cancel_scope, private sched::timer {
 public:
  /// `timeout` counts from now; zero means never.
  explicit request_scope(std::chrono::milliseconds timeout) noexcept;
  ~request_scope() override;

  /// The handler waits: from here on the time is watched.
  void suspended() noexcept;

  /// The handler has ended. Returns why it was cancelled, if it was.
  base::error_code settle() noexcept;

 private:
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;
  [[nodiscard]] bool has_deadline() const noexcept { return deadline_ != base::steady_time::max(); }

  sched::timer_queue* timers_ = nullptr;
};

}  // namespace tacit::http
