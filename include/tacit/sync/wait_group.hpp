#pragma once

#include <cstdint>

#include <tacit/sync/in_flight.hpp>

namespace tacit::sync {

/// Counts pieces of work, and lets others wait until the count is zero.
///
/// When it was zero it may be used again, but add() must not run at the same time as the end of a
/// wait: begin the next round when all waits of the last one have returned.
///
/// Threads:   any; any number wait.
/// Lifetime:  may be destroyed by whoever has waited, once all waits have returned.
/// Cancel:    wait() gives the cause; the count stays as it is.
class wait_group {
 public:
  explicit wait_group(std::uint64_t count = 0) noexcept : work_(false) { work_.add(count); }

  /// Before the work starts, not in it: otherwise a wait may find zero.
  void add(std::uint64_t count = 1) noexcept { work_.add(count); }
  void done(std::uint64_t count = 1) noexcept { work_.subtract(count); }

  /// Waits for the count to be zero. Gives an error_code.
  [[nodiscard]] detail::in_flight::over_awaiter wait() noexcept { return {work_, "wait group"}; }

  [[nodiscard]] std::uint64_t count() const noexcept { return work_.count(); }

 private:
  detail::in_flight work_;
};

}  // namespace tacit::sync
