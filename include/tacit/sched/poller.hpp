#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>

namespace tacit::sched {

/// What a worker waits in while it has nothing to run. The seam through which I/O reaches the
/// scheduler: io::reactor is one over an Asio context, waiting_room one without I/O.
///
/// A completion never runs user code here: it makes a coroutine ready.
///
/// Threads: poll() and wait() by one thread at a time, interrupt() by any.
class poller {
 public:
  virtual ~poller() = default;

  /// Takes what has completed, without waiting. Returns how many completions it took.
  virtual std::size_t poll() = 0;

  /// As poll(), but waits for a completion, for interrupt(), or for `deadline`.
  virtual std::size_t wait(std::optional<base::steady_time> deadline) = 0;

  /// Ends the wait() that is under way or else the next one.
  virtual void interrupt() noexcept = 0;
};

/// A poller without any I/O.
class waiting_room final : public poller {
 public:
  std::size_t poll() override { return 0; }
  std::size_t wait(std::optional<base::steady_time> deadline) override;
  void interrupt() noexcept override;

 private:
  base::mutex mutex_;
  base::condition_variable changed_;
  bool interrupted_ = false;  // Guarded by mutex_.
};

}  // namespace tacit::sched
