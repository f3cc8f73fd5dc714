#pragma once

#include <cstddef>
#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/memory/frame_note.hpp>
#include <tacit/memory/free_frames.hpp>

namespace tacit::memory {

class frame_core;

/// What is known of one slab: 64 KiB of blocks of one size, which belong to one pool.
///
/// It lies in a table apart from the blocks. At the head of its slab it would share its place in
/// the caches with those of all other slabs, and it would be lost when the kernel takes the memory.
///
/// Threads: the first line is the owning thread's, or that of whoever took the slab out of service.
/// The second line is for all. Whoever frees a frame of another thread reads only the second.
struct alignas(base::cache_line_bytes) slab : free_frames {
  static constexpr std::size_t bytes = 64 * 1024;
  // A frame, which follows its note, then begins on a cache line, and what every coroutine writes
  // of its note is the line before.
  static constexpr std::size_t first_block_at = 128 - sizeof(frame_note);

  // A free that leaves no more than this in use is an event for the owner.
  std::int32_t notify_at = 0;
  slab* next = nullptr;
  slab* previous = nullptr;
  std::uint32_t size_class = 0;  // The same while in service or pinned.
  std::uint32_t capacity = 0;

  // A reader pins a slab by adding 1 and may then read the notes of the carved blocks if it found
  // the slab in service. Whoever wants to put a pinned slab to use takes another one instead.
  static constexpr std::uint32_t in_service = 1U << 31;
  static constexpr std::uint32_t taken = 1U << 30;  // About to be in service.
  alignas(64) base::atomic<std::uint32_t> service{0};
  frame_core* owner = nullptr;            // The same while the slab is in service.
  base::atomic<std::uint32_t> carved{0};  // Blocks whose notes are there, from the first on.
  // Blocks in use when their pool was destroyed, less those that have been freed since.
  base::atomic<std::int32_t> orphans{0};
  base::steady_time empty_since{};  // Guarded by the slab space.
};
static_assert(sizeof(slab) == 128);

/// Slabs linked through themselves.
struct slab_list {
  slab* first = nullptr;
  slab* last = nullptr;

  void push_front(slab& added) noexcept {
    added.previous = nullptr;
    added.next = first;
    (first ? first->previous : last) = &added;
    first = &added;
  }
  void erase(slab& removed) noexcept {
    (removed.previous ? removed.previous->next : first) = removed.next;
    (removed.next ? removed.next->previous : last) = removed.previous;
  }
};

}  // namespace tacit::memory
