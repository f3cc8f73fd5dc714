#pragma once

#include <chrono>
#include <cstdint>

#include <tacit/base/clock.hpp>

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

/// Has `told` called, on the thread itself, with the beginning and the end of allocations and
/// frees. Of those that ask for less than 16 KiB, and of frees, only every 16th is timed: two
/// readings of the clock cost as much as most of them do. `told` must not allocate. There is one
/// for the process, the last that was given.
void watch_allocations(void (*told)(base::steady_time, base::steady_time) noexcept) noexcept;

/// The next allocation of the calling thread that is timed takes so much longer: to show that it is
/// noticed.
void plant_slow_allocation(std::chrono::nanoseconds length) noexcept;

namespace detail {

// Called by the wrapped malloc family only. True if the call is to be timed.
[[nodiscard]] bool count_allocation(std::uint64_t bytes) noexcept;
[[nodiscard]] bool count_free() noexcept;

/// A call that is timed: between these two.
class timed_call {
 public:
  timed_call() noexcept;
  ~timed_call();
  timed_call(const timed_call&) = delete;
  timed_call& operator=(const timed_call&) = delete;

 private:
  base::steady_time begin_;
};

}  // namespace detail

}  // namespace tacit::memory
