#pragma once

// What <tacit/base/atomic.hpp> offers in a build with TACIT_MODEL: the same names, explored.

#include "model/atomic.hpp"
#include "model/mutex.hpp"

namespace tacit::base {

using model::atomic;
using model::condition_variable;
using model::fence_seq_cst;
using model::mutex;
using model::thread;

/// Nothing comes of waiting until others have gone on.
inline void pause() noexcept {
  if (auto* run = model::execution::current()) run->give_way();
}
inline void pause([[maybe_unused]] int times) noexcept {
  pause();
}

}  // namespace tacit::base
