#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>

#include "memory/slab.hpp"

/// The addresses from which all slabs of the process come, and the slabs that no pool uses.
///
/// One range of addresses is reserved once, so that a comparison tells a frame in a slab from one
/// on the heap, and a division finds its slab. Memory is asked for in pieces of 4 MiB. Addresses
/// are never given back, so whatever was a slab once can be read for ever.
///
/// Threads: all functions from any.
namespace tacit::memory::slab_space {

namespace detail {
// The table of slabs is where the first slabs would be. Zero until the first slab is asked for.
extern constinit base::atomic<std::uintptr_t> begin;
extern constinit base::atomic<std::uintptr_t> reserved_bytes;
}  // namespace detail

/// The slab that an address lies in, or null.
[[nodiscard]] inline slab* find(const void* address) noexcept {
  const std::uintptr_t begin = detail::begin.load(base::memory_order_acquire);
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - begin;
  if (offset >= detail::reserved_bytes.load(base::memory_order_relaxed)) return nullptr;
  return reinterpret_cast<slab*>(begin) + offset / slab::bytes;
}

/// The slab of an address that is known to lie in one.
[[nodiscard]] inline slab& of(const void* address) noexcept {
  const std::uintptr_t begin = detail::begin.load(base::memory_order_relaxed);
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - begin;
  return reinterpret_cast<slab*>(begin)[offset / slab::bytes];
}

/// Where a slab's blocks are.
[[nodiscard]] std::byte* memory_of(const slab& one) noexcept;

/// A slab in service for `owner`, nothing carved; null if the kernel gives no more memory.
[[nodiscard]] slab* take(frame_core& owner, std::size_t size_class) noexcept;

/// Takes a slab in which nothing is in use out of service.
void give_back(slab& empty) noexcept;

/// Returns the memory of slabs to the kernel that have been empty since `before`, longest first, at
/// most `bytes_max`. Gives the bytes.
std::size_t trim(base::steady_time before, std::size_t bytes_max) noexcept;

/// Pins each slab in service, calls `visit` with it and unpins it.
template <class Visit>
void for_each(Visit visit);

struct statistics {
  std::size_t opened_bytes = 0;    ///< Asked from the kernel so far.
  std::size_t idle_bytes = 0;      ///< In slabs of no pool, not yet returned.
  std::size_t returned_bytes = 0;  ///< In slabs of no pool, returned to the kernel.
};
[[nodiscard]] statistics read_statistics() noexcept;

namespace detail {
[[nodiscard]] slab* first_slab() noexcept;
[[nodiscard]] slab* end_slab() noexcept;
}  // namespace detail

template <class Visit>
void for_each(Visit visit) {
  slab* const end = detail::end_slab();
  for (slab* each = detail::first_slab(); each != end; ++each) {
    if (each->service.load(base::memory_order_relaxed) == 0) continue;
    const auto found = each->service.fetch_add(1, base::memory_order_acquire);
    if (found >= slab::in_service) visit(*each);
    each->service.fetch_sub(1, base::memory_order_release);
  }
}

}  // namespace tacit::memory::slab_space
