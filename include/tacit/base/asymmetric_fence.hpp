#pragma once

#include <atomic>

#include <tacit/base/atomic.hpp>

namespace tacit::base {

/// Sequentially consistent fences in pairs, of which one side is nearly free.
///
/// For protocols in which one side passes its fence millions of times a second and the other one
/// rarely. light_fence() keeps the compiler from reordering, and nothing else; heavy_fence() has
/// the kernel run a full fence on every CPU that runs a thread of this process (membarrier(2),
/// about 1 us). A light and a heavy fence order like two seq_cst fences; two light ones do not.
///
/// Where the kernel has no such call, or a sandbox forbids it, both are ordinary fences.
///
/// Threads:   any. enable_asymmetric_fences() comes before the first use of either.
void enable_asymmetric_fences() noexcept;

namespace detail {
// Written once, before any thread that reads it is started.
extern constinit bool light_fence_suffices;
}  // namespace detail

inline void light_fence() noexcept {
#ifdef TACIT_MODEL
  fence_seq_cst();
#else
  if (detail::light_fence_suffices) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    fence_seq_cst();
  }
#endif
}

#ifdef TACIT_MODEL
inline void heavy_fence() noexcept {
  fence_seq_cst();
}
#else
void heavy_fence() noexcept;
#endif

}  // namespace tacit::base
