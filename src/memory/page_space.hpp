#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include <tacit/base/clock.hpp>

/// Blocks of whole pages for the chunks of arenas and the buffers of connections, of which the
/// memory can be given back to the kernel piece by piece: what is freed in the general allocator
/// stays with it, or goes back all at once under its lock.
///
/// Each power of two from a page to 64 MiB has a range of addresses of its own, which is reserved
/// once. A block that is freed is kept for the next that asks, warm ones first; trim() returns the
/// memory of those that nobody has needed, and keeps their addresses. Larger blocks, and those for
/// which there are no addresses, are the general allocator's.
///
/// Threads: all functions from any; trim() by one at a time, others find nothing to do.
namespace tacit::memory::page_space {

inline constexpr std::size_t smallest_bytes = 4096;
inline constexpr std::size_t largest_bytes = std::size_t{64} << 20;

/// What a block for `bytes` has.
[[nodiscard]] constexpr std::size_t rounded(std::size_t bytes) noexcept {
  return bytes > largest_bytes ? bytes : std::bit_ceil(std::max(bytes, smallest_bytes));
}

/// A block of rounded(bytes). Throws std::bad_alloc.
[[nodiscard]] void* allocate(std::size_t bytes);

/// `bytes` as it was allocated for. Also takes blocks of the general allocator.
void release(void* block, std::size_t bytes) noexcept;

/// Returns memory of blocks to the kernel that have been free since `before`, those of a size
/// longest first, about `bytes_max`. Gives the bytes. No lock is held meanwhile, and no call to the
/// kernel is for more than 64 KiB: 20 us, in which nobody can change the map of addresses.
std::size_t trim(base::steady_time before, std::size_t bytes_max) noexcept;

struct statistics {
  std::size_t used_bytes = 0;      ///< In blocks that are lent.
  std::size_t kept_bytes = 0;      ///< In free blocks with memory.
  std::size_t returned_bytes = 0;  ///< In free blocks without.
};
[[nodiscard]] statistics read_statistics() noexcept;

}  // namespace tacit::memory::page_space
