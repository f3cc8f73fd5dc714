#pragma once

#include <cstdint>

#include <tacit/base/error.hpp>
#include <tacit/sync/guard.hpp>
#include <tacit/sync/in_flight.hpp>

namespace tacit::sync {

/// Counts work in flight so that a shutdown can wait for the last piece.
///
/// enter() succeeds until close() and fails for good afterwards. A coroutine that awaits drained()
/// goes on once the gate is closed and every entry has left, on the worker of whoever left last.
///
/// Threads:   any.
/// Lifetime:  outlives every entry; the destructor asserts that none is left. Whoever has awaited
///            drained() may destroy it, if nobody calls enter() any more.
/// Cancel:    drained() gives the cause; the gate and its entries stay as they are.
class gate {
 public:
  gate() noexcept : entries_(true) {}

  void leave() noexcept { entries_.subtract(1); }
  using entry = guard<gate, &gate::leave>;

  /// An entry that leaves when it is destroyed; errc::closed if the gate is closed.
  [[nodiscard]] entry enter() noexcept {
    return entries_.add_if_open() ? entry(*this) : entry(base::errc::closed);
  }

  /// Lets nobody in any more. May be called again.
  void close() noexcept { entries_.close(); }

  /// Waits until it is closed and empty. Gives an error_code.
  [[nodiscard]] detail::in_flight::over_awaiter drained() noexcept { return {entries_, "gate"}; }

  [[nodiscard]] bool is_closed() const noexcept { return !entries_.is_open(); }
  [[nodiscard]] std::uint64_t inside() const noexcept { return entries_.count(); }

 private:
  detail::in_flight entries_;
};

}  // namespace tacit::sync
