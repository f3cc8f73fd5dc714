#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#ifdef TACIT_MODEL
#include <model/names.hpp>
#endif

/// The names under which Tacit uses atomics, locks and threads.
///
/// Code that owns a concurrency protocol takes them from here and never from `std`, so that a model
/// build can put its own types in their place and explore the interleavings.
namespace tacit::base {

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

#ifndef TACIT_MODEL
template <class T>
using atomic = std::atomic<T>;

using mutex = std::mutex;
using condition_variable = std::condition_variable;
using thread = std::thread;

inline void fence_seq_cst() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

/// Tells the core that this is a loop that waits for another one.
inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// So many times. In a model one of them is enough: there nothing comes of waiting for longer.
inline void pause(int times) noexcept {
  for (int i = 0; i < times; ++i)
    pause();
}
#endif  // TACIT_MODEL

/// Two objects this far apart do not share a cache line, nor a pair that is prefetched together.
inline constexpr std::size_t cache_line_bytes = 128;

}  // namespace tacit::base
