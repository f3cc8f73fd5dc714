#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tacit/base/clock.hpp>

/// When a worker could not progress, and why.
///
/// A pause is an interval in which a worker had runnable work and made no progress on it, for a
/// reason other than executing that work. docs/pauses.md says how each cause is seen, and what is
/// not seen.
namespace tacit::observe {

enum class pause_cause : std::uint8_t {
  scheduled_out,  ///< The kernel ran something else, throttled us, or we were stopped.
  kernel_memory,  ///< Page faults.
  allocator,      ///< An allocation or a free slower than a bound.
  lock,           ///< Waiting for a lock of the runtime.
  handler,        ///< User code ran past the bound without yielding.
  runtime,        ///< Housekeeping: timers, reclaim, polls.
};
inline constexpr std::size_t pause_causes = 6;

/// "scheduled_out", "kernel_memory", …
[[nodiscard]] std::string_view to_string(pause_cause cause) noexcept;

/// Whether it is the runtime's own doing: allocator, lock, runtime.
[[nodiscard]] constexpr bool is_own(pause_cause cause) noexcept {
  return cause == pause_cause::allocator || cause == pause_cause::lock ||
         cause == pause_cause::runtime;
}

/// One that is over.
struct pause {
  base::steady_time begin{};
  std::chrono::nanoseconds length{0};
  pause_cause cause = pause_cause::runtime;
};

/// Shorter ones are not recorded: looking closer would cost more than they do.
[[nodiscard]] std::chrono::nanoseconds pause_bound(pause_cause cause) noexcept;

/// Charges the calling thread's time from `begin` to `end` to `cause`: for code that knows that it
/// holds up its thread, as a slice of reclaim does. What is charged this way is not charged to the
/// run around it. Nothing happens on a thread that is not recorded.
///
/// Threads: any. Allocates nothing, waits for nothing. Costs a test below the cause's bound, and
/// two system calls above it.
void note_pause(pause_cause cause, base::steady_time begin, base::steady_time end) noexcept;

/// The calling thread has waited in the kernel and goes on: it looks now and then whether it was
/// late. For threads that block; a worker does that by itself. Costs a reading of the clock.
void note_wake_up() noexcept;

/// note_pause() for a block: from the construction to the destruction.
class pause_timer {
 public:
  explicit pause_timer(pause_cause cause) noexcept
      : cause_(cause), begin_(std::chrono::steady_clock::now()) {}
  pause_timer(const pause_timer&) = delete;
  pause_timer& operator=(const pause_timer&) = delete;
  ~pause_timer() { note_pause(cause_, begin_, std::chrono::steady_clock::now()); }

 private:
  pause_cause cause_;
  base::steady_time begin_;
};

}  // namespace tacit::observe
