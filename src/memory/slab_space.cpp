#include "memory/slab_space.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <new>

#include <tacit/memory/size_class.hpp>
#include "memory/sanitizer.hpp"

namespace tacit::memory::slab_space {

constinit base::atomic<std::uintptr_t> detail::begin{0};
constinit base::atomic<std::uintptr_t> detail::reserved_bytes{0};

namespace {

// Addresses cost nothing. Where they are limited (RLIMIT_AS) half as many are tried, and so on.
constexpr std::size_t most_reserved_bytes = std::size_t{64} << 30;
constexpr std::size_t least_reserved_bytes = std::size_t{1} << 30;
constexpr std::size_t slabs_per_piece = 64;
constexpr std::size_t piece_bytes = slabs_per_piece * slab::bytes;
static_assert(slabs_per_piece * sizeof(slab) % 4096 == 0, "a piece has whole pages of the table");
static_assert(least_reserved_bytes / slab::bytes * sizeof(slab) / slab::bytes * sizeof(slab) %
                      4096 ==
                  0,
              "so has the part of the table that describes the table");

// Readers may pin slabs that are in no service; whoever finds several pinned takes new memory.
constexpr int tries_max = 4;

constinit base::mutex lock;          // Guards what follows. Never held during a system call
                                     // other than those that open a piece.
constinit slab_list idle;            // With memory; the one that was given back last is first.
constinit slab_list without_memory;  // Returned to the kernel.
constinit std::size_t idle_count = 0;
constinit std::size_t without_memory_count = 0;
constinit bool refused = false;  // No addresses were to be had: do not ask again.

// Slabs that were ever in service, from the first one on. Written under the lock.
constinit base::atomic<std::size_t> opened{0};
constinit std::size_t permitted = 0;  // Slabs whose memory may be used.

[[nodiscard]] std::size_t table_slabs() noexcept {
  const auto all = detail::reserved_bytes.load(base::memory_order_relaxed) / slab::bytes;
  return (all * sizeof(slab) + slab::bytes - 1) / slab::bytes;
}

bool reserve() noexcept {
  if (detail::begin.load(base::memory_order_relaxed) != 0) return true;
  for (auto bytes = most_reserved_bytes; !refused && bytes >= least_reserved_bytes; bytes /= 2) {
    void* const range = mmap(nullptr, bytes + slab::bytes, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) continue;
    const auto aligned =
        (reinterpret_cast<std::uintptr_t>(range) + slab::bytes - 1) / slab::bytes * slab::bytes;
    detail::reserved_bytes.store(bytes, base::memory_order_relaxed);
    detail::begin.store(aligned, base::memory_order_release);
    return true;
  }
  refused = true;
  return false;
}

bool make_usable(void* first, std::size_t bytes) noexcept {
  return mprotect(first, bytes, PROT_READ | PROT_WRITE) == 0;
}

bool open_piece() noexcept {
  slab* const entries = detail::first_slab() + permitted;
  const auto end = detail::begin.load(base::memory_order_relaxed) +
                   detail::reserved_bytes.load(base::memory_order_relaxed);
  std::byte* const memory = memory_of(*entries);
  if (reinterpret_cast<std::uintptr_t>(memory) + piece_bytes > end) return false;
  if (!make_usable(entries, slabs_per_piece * sizeof(slab))) return false;
  if (!make_usable(memory, piece_bytes)) return false;
  search_for_references(memory, piece_bytes);
  permitted += slabs_per_piece;
  return true;
}

slab* open_slab() noexcept {
  if (!reserve()) return nullptr;
  const auto count = opened.load(base::memory_order_relaxed);
  if (count == permitted && !open_piece()) return nullptr;
  auto* fresh = new (detail::first_slab() + count) slab;
  fresh->service.store(slab::taken, base::memory_order_relaxed);
  // Release: a reader that sees the count sees the slab.
  opened.store(count + 1, base::memory_order_release);
  return fresh;
}

slab* take_from(slab_list& list, std::size_t& count) noexcept {
  slab* each = list.first;
  for (int tries = 0; each && tries < tries_max; ++tries, each = each->next) {
    std::uint32_t unpinned = 0;
    if (each->service.compare_exchange_strong(unpinned, slab::taken, base::memory_order_acquire,
                                              base::memory_order_relaxed)) {
      list.erase(*each);
      --count;
      return each;
    }
  }
  return nullptr;
}

}  // namespace

slab* detail::first_slab() noexcept {
  const auto at = detail::begin.load(base::memory_order_acquire);
  return at == 0 ? nullptr : reinterpret_cast<slab*>(at) + table_slabs();
}

slab* detail::end_slab() noexcept {
  const auto count = opened.load(base::memory_order_acquire);
  return count == 0 ? first_slab() : first_slab() + count;
}

std::byte* memory_of(const slab& one) noexcept {
  const auto begin = detail::begin.load(base::memory_order_relaxed);
  const auto index = static_cast<std::size_t>(&one - reinterpret_cast<const slab*>(begin));
  return reinterpret_cast<std::byte*>(begin + index * slab::bytes);
}

slab* take(frame_core& owner, std::size_t size_class) noexcept {
  slab* fresh = nullptr;
  {
    const std::lock_guard guard(lock);
    fresh = take_from(idle, idle_count);
    if (!fresh) fresh = take_from(without_memory, without_memory_count);
    if (!fresh) fresh = open_slab();
  }
  if (!fresh) return nullptr;
  permit(memory_of(*fresh), slab::bytes);
  fresh->owner = &owner;
  fresh->free = nullptr;
  fresh->used.store(0, base::memory_order_relaxed);
  fresh->size_class = static_cast<std::uint32_t>(size_class);
  fresh->capacity =
      static_cast<std::uint32_t>((slab::bytes - slab::first_block_at) / block_sizes[size_class]);
  fresh->carved.store(0, base::memory_order_relaxed);
  // Release: a reader that finds it in service sees its size class and that nothing is carved.
  fresh->service.fetch_add(slab::in_service - slab::taken, base::memory_order_release);
  return fresh;
}

void give_back(slab& empty) noexcept {
  const auto now = std::chrono::steady_clock::now();
  // Release: whoever puts it to use again does so after our last access.
  empty.service.fetch_sub(slab::in_service, base::memory_order_release);
  const std::lock_guard guard(lock);
  empty.empty_since = now;
  idle.push_front(empty);
  ++idle_count;
}

std::size_t trim(base::steady_time before, std::size_t bytes_max) noexcept {
  std::size_t trimmed = 0;
  for (; trimmed + slab::bytes <= bytes_max; trimmed += slab::bytes) {
    slab* oldest = nullptr;
    {
      const std::lock_guard guard(lock);
      oldest = idle.last;
      if (!oldest || oldest->empty_since > before) break;
      idle.erase(*oldest);
      --idle_count;
    }
    // A reader may still have it pinned: it then reads zeros, which is nothing live.
    madvise(memory_of(*oldest), slab::bytes, MADV_DONTNEED);
    const std::lock_guard guard(lock);
    without_memory.push_front(*oldest);
    ++without_memory_count;
  }
  return trimmed;
}

statistics read_statistics() noexcept {
  const std::lock_guard guard(lock);
  return {opened.load(base::memory_order_relaxed) * slab::bytes, idle_count * slab::bytes,
          without_memory_count * slab::bytes};
}

}  // namespace tacit::memory::slab_space
