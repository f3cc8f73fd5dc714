#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include <tacit/observe/pause.hpp>

#include "observe/pause_track.hpp"

namespace tacit::observe {

/// What a stretch was made of: at most one pause for each of three causes.
struct attributed_pauses {
  std::array<pause, 3> found{};
  std::size_t count = 0;
};

/// Splits a stretch by what explains it, in this order: what was charged on its own and what the
/// process was `stopped` for, waiting for a CPU, page faults. What is left, but for what was to be
/// expected, is of the stretch's own cause. Parts below their bound are dropped. They are put one
/// behind the other into the stretch, because nobody knows better.
[[nodiscard]] attributed_pauses attribute(const held_stretch& seen,
                                          std::chrono::nanoseconds stopped) noexcept;

}  // namespace tacit::observe
