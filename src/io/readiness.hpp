#pragma once

// Whether one direction of a socket may be used, between its owner and whoever polls.
//
//   quiet     what was there has been taken, and nobody waits;
//   ready     something may be there;
//   awaited   the owner waits.
//
//   quiet -> ready      tell(), by whoever polls
//   ready -> quiet      take(), by the owner, who tries then
//   quiet -> awaited    await(), by the owner, whose try has found nothing
//   awaited -> quiet    tell() or withdraw(), by whoever polls: the owner's operation is his to end
//
// 1. Whoever polls does it alone (poll_turn.hpp), and an owner that waits does nothing else. So
//    only whoever polls leaves `awaited`, and needs no locked instruction for it.
// 2. The kernel tells of what comes once. An owner that is about to wait has tried since it was
//    told last, or what comes later is told later; if it is told just now, await() fails.
// 3. Being told for nothing is allowed: the one who tries finds nothing, and waits again.
// 4. Of the end nothing more is told. Once it was, whoever takes something keeps() what may follow.
//    Who tells it changes the state even if that was `ready`, so who leaves `ready` sees it.

#include <cstdint>

#include <tacit/base/atomic.hpp>

namespace tacit::io {

/// See above.
class readiness {
 public:
  /// By the owner, or by whom an operation of the owner is to end. True if something may be there:
  /// then that is to be tried.
  [[nodiscard]] bool take() noexcept {
    auto expected = state::ready;
    return state_.load(base::memory_order_relaxed) == state::ready &&
           state_.compare_exchange_strong(expected, state::quiet, base::memory_order_acquire,
                                          base::memory_order_relaxed);
  }

  /// By the same: there may be more than was taken.
  void keep() noexcept { state_.store(state::ready, base::memory_order_release); }

  /// By the owner. False if it would wait in vain: then it is to try again. After true the
  /// operation may have ended.
  [[nodiscard]] bool await() noexcept {
    auto expected = state::quiet;
    return state_.compare_exchange_strong(expected, state::awaited, base::memory_order_acq_rel,
                                          base::memory_order_acquire);
  }

  /// By whoever polls: something may be there, or the end. True if the owner's operation is to be
  /// ended.
  [[nodiscard]] bool tell(bool is_end = false) noexcept {
    if (is_end) has_ended_.store(true, base::memory_order_relaxed);
    auto seen = state_.load(base::memory_order_acquire);
    while (seen != state::awaited) {
      if (state_.compare_exchange_weak(seen, state::ready, base::memory_order_acq_rel,
                                       base::memory_order_acquire)) {
        return false;
      }
    }
    state_.store(state::quiet, base::memory_order_relaxed);
    return true;
  }

  /// By the owner, or by whom an operation of the owner is to end.
  [[nodiscard]] bool has_ended() const noexcept {
    return has_ended_.load(base::memory_order_relaxed);
  }

  /// By whoever polls, without anything being there. True as for tell().
  [[nodiscard]] bool withdraw() noexcept {
    if (state_.load(base::memory_order_acquire) != state::awaited) return false;
    state_.store(state::quiet, base::memory_order_relaxed);
    return true;
  }

  /// By whoever polls, after tell() has given true: there was nothing, and the owner waits on.
  void await_again() noexcept { state_.store(state::awaited, base::memory_order_release); }

  /// While it has no owner.
  void reset() noexcept {
    state_.store(state::quiet, base::memory_order_relaxed);
    has_ended_.store(false, base::memory_order_relaxed);
  }

 private:
  enum class state : std::uint8_t { quiet, ready, awaited };
  base::atomic<state> state_{state::quiet};
  base::atomic<bool> has_ended_{false};
};

}  // namespace tacit::io
