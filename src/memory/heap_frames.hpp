#pragma once

#include <cstddef>
#include <functional>

#include <tacit/memory/frame_note.hpp>

/// Frames from the general allocator: of threads without a pool, and those too large for a slab.
///
/// They are linked into lists under locks, so that they can be listed as well. This costs more than
/// the allocator does; heap mode is a baseline for measuring.
///
/// Threads: all functions from any.
namespace tacit::memory::heap_frames {

/// Throws std::bad_alloc.
[[nodiscard]] void* allocate(std::size_t bytes);
void deallocate(void* frame) noexcept;

/// Calls `visit` with each frame, under a lock that allocate and deallocate take too.
void for_each(const std::function<void(const void*, std::size_t, const frame_note&)>& visit);

struct statistics {
  std::size_t frames = 0;
  std::size_t bytes = 0;
};
[[nodiscard]] statistics read_statistics() noexcept;

}  // namespace tacit::memory::heap_frames
