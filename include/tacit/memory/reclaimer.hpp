#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <tacit/base/clock.hpp>

namespace tacit::memory {

/// What a process has given back to the kernel so far.
struct reclaim_statistics {
  std::uint64_t bytes = 0;   ///< Of frames, chunks and buffers.
  std::uint64_t slices = 0;  ///< In which it was done.
  std::uint64_t longest_slice_ns = 0;
  std::uint64_t heap_trims = 0;  ///< Times the general allocator gave back what it had.
  std::uint64_t longest_heap_trim_ns = 0;
  std::uint64_t releases = 0;  ///< Times a worker gave its pools' memory away, before it slept on.
  std::uint64_t longest_release_ns = 0;
};
[[nodiscard]] reclaim_statistics read_reclaim_statistics() noexcept;

/// Bytes that nobody uses and that are not returned yet.
[[nodiscard]] std::size_t idle_bytes() noexcept;

/// Gives memory that nobody has needed for a delay back to the kernel, in small slices.
///
/// A slice returns up to 256 KiB of frames' slabs and of blocks, in calls of 64 KiB, without a
/// lock; slices follow each other after 2 ms. So 100 MB/s go back, and nobody who changes the map
/// of addresses meanwhile waits for longer than one call. What the general allocator keeps can only
/// be had all at once and under its lock: that is done while nothing runs.
///
/// For a thread that runs no coroutines. Threads: one at a time.
class reclaimer {
 public:
  static constexpr std::size_t slice_bytes = 256 * 1024;
  static constexpr std::chrono::milliseconds slice_interval{2};
  static constexpr std::chrono::microseconds slice_interval_in_hurry{500};
  static constexpr std::chrono::seconds look_interval{1};

  explicit reclaimer(std::chrono::nanoseconds delay) noexcept : delay_(delay) {}

  /// Does what is due; `is_quiet`: nobody runs now. Returns when to look again: after the delay,
  /// but not sooner than look_interval, where nothing is idle.
  base::steady_time step(base::steady_time now, bool is_quiet) noexcept;

  /// Memory is short: what is idle goes at once.
  base::steady_time hurry(base::steady_time now) noexcept;

 private:
  base::steady_time slice(base::steady_time now, std::chrono::nanoseconds delay) noexcept;
  [[nodiscard]] bool owes_heap_trim() const noexcept;
  void trim_heap(base::steady_time now) noexcept;

  const std::chrono::nanoseconds delay_;
  base::steady_time next_{};
  base::steady_time heap_trimmed_at_{};
  std::uint64_t allocated_then_ = 0;
};

/// Gives what the calling thread's pools keep away, for all threads. For a worker that has had
/// nothing to do for long.
void release_kept_memory() noexcept;

}  // namespace tacit::memory
