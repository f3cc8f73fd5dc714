#pragma once

#include <cstddef>
#include <limits>
#include <new>

#include <tacit/memory/frame_pool.hpp>

namespace tacit::memory {

/// An allocator of the standard library without state, for libraries that cannot be given a
/// memory_resource: takes from the calling thread's frame_pool, and from the general allocator
/// where none is bound. For small blocks that live shortly, next to the coroutine that uses them.
///
/// Threads: any; a block may be freed on another thread than it was taken on.
template <class T>
class pooled_allocator {
 public:
  using value_type = T;

  pooled_allocator() = default;
  template <class Other>
  pooled_allocator(const pooled_allocator<Other>&) noexcept {}  // NOLINT(*-explicit-*): rebinding

  /// Throws std::bad_alloc.
  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, "a pool aligns as operator new");
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
      throw std::bad_array_new_length();
    return static_cast<T*>(frame_pool::allocate(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t) noexcept { frame_pool::deallocate(block); }

  friend bool operator==(const pooled_allocator&, const pooled_allocator&) noexcept { return true; }
};

}  // namespace tacit::memory
