#pragma once

#include <cstddef>

#include <tacit/memory/frame_pool.hpp>

namespace tacit::io {

/// A piece of the awaiting coroutine's frame that is lent to Asio, so that what Asio keeps there
/// allocates nothing. What does not fit, and a second piece at a time, come from the frame pool.
///
/// Threads: one at a time.
template <std::size_t InlineBytes>
class inline_memory {
 public:
  inline_memory() = default;
  inline_memory(const inline_memory&) = delete;
  inline_memory& operator=(const inline_memory&) = delete;

  void* allocate(std::size_t bytes) {
    if (in_use_ || bytes > InlineBytes) return memory::frame_pool::allocate(bytes);
    in_use_ = true;
    return storage_;
  }
  void deallocate(void* place) noexcept {
    if (place == storage_) {
      in_use_ = false;
    } else {
      memory::frame_pool::deallocate(place);
    }
  }

 private:
  alignas(std::max_align_t) std::byte storage_[InlineBytes];
  bool in_use_ = false;
};

/// For an operation under way. One of a socket with our handler takes 120 to 200 bytes (Asio 1.26).
using operation_memory = inline_memory<224>;

/// The allocator through which a handler lends its memory to Asio.
template <class T, class Memory = operation_memory>
class operation_allocator {
 public:
  using value_type = T;
  template <class U>
  struct rebind {
    using other = operation_allocator<U, Memory>;
  };

  explicit operation_allocator(Memory& memory) noexcept : memory_(&memory) {}
  template <class U>
  operation_allocator(const operation_allocator<U, Memory>& other) noexcept
      : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->allocate(count * sizeof(T))); }
  void deallocate(T* place, std::size_t) noexcept { memory_->deallocate(place); }

  template <class U>
  bool operator==(const operation_allocator<U, Memory>& other) const noexcept {
    return memory_ == other.memory_;
  }

 private:
  template <class, class>
  friend class operation_allocator;
  Memory* memory_;
};

}  // namespace tacit::io
