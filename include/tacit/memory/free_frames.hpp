#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/memory/frame_note.hpp>
#include <tacit/memory/size_class.hpp>

/// What taking a frame touches. It is here so that it can be inlined where coroutines are made: the
/// call, with what it keeps its caller from having in registers, would cost as much as the rest.
namespace tacit::memory {

/// A free frame links to the next one through its note.
[[nodiscard]] inline void* next_free(const void* frame) noexcept {
  return const_cast<void*>(frame_note::of(frame).awaited_by.load(base::memory_order_relaxed));
}

/// Free frames of one slab. Its owner's thread only, but for reading `used`.
struct free_frames {
  void* free = nullptr;                // Linked, the one that was freed last first.
  base::atomic<std::int32_t> used{0};  // Blocks not free. Strays on their way home are among them.

  /// Null if there is none.
  [[nodiscard]] void* take() noexcept {
    void* const frame = free;
    if (!frame) [[unlikely]]
      return nullptr;
    free = next_free(frame);
    used.store(used.load(base::memory_order_relaxed) + 1, base::memory_order_relaxed);
    return frame;
  }
};

/// By size class, where a pool takes frames from now.
using frame_heads = std::array<free_frames*, size_classes>;

/// Those of the calling thread's pool, or null. Read directly although coroutines inline it: GCC
/// takes coroutines apart before it optimises, so nothing that it has read outlives a suspension.
/// With other compilers it is read by functions that are not inlined.
extern constinit thread_local frame_heads* heads_of_this_thread;

}  // namespace tacit::memory
