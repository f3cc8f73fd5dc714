#pragma once

#include <cstdint>

/// How much a program allocates, counted per thread and always on.
///
/// The malloc family is wrapped at link time (target `tacit::accounting`), so the counts include
/// what `operator new`, libraries and libc ask for. A program that does not link that target counts
/// nothing, and is_counting() says so. An allocation costs two plain increments more than without.
namespace tacit::memory {

struct allocation_counts {
  std::uint64_t allocations = 0;      ///< Calls that returned memory: malloc, calloc, realloc, …
  std::uint64_t allocated_bytes = 0;  ///< Bytes asked for, before the allocator rounds up.

  friend allocation_counts operator-(allocation_counts a, allocation_counts b) noexcept {
    return {a.allocations - b.allocations, a.allocated_bytes - b.allocated_bytes};
  }
};

/// True if the malloc family of this program is wrapped.
[[nodiscard]] bool is_counting() noexcept;

/// What the calling thread has allocated since it started.
[[nodiscard]] allocation_counts thread_allocations() noexcept;

/// What all threads, also those that have ended, have allocated since the program started.
///
/// Threads: from any; takes a lock that a starting or ending thread takes too, an allocation never.
[[nodiscard]] allocation_counts process_allocations() noexcept;

namespace detail {
void count_allocation(std::uint64_t bytes) noexcept;  // Called by the wrapped malloc family only.
}

}  // namespace tacit::memory
