#pragma once

#include <cstddef>

#include <tacit/memory/frame_pool.hpp>

namespace tacit::io {

/// The memory in which Asio keeps an operation under way: a piece of the awaiting coroutine's
/// frame, so that an operation allocates nothing. What does not fit comes from the frame pool.
///
/// Threads: one operation at a time uses it.
class operation_memory {
 public:
  // A socket operation of Asio 1.26 with our handler takes 120 to 200 bytes.
  static constexpr std::size_t inline_bytes = 224;

  operation_memory() = default;
  operation_memory(const operation_memory&) = delete;
  operation_memory& operator=(const operation_memory&) = delete;

  void* allocate(std::size_t bytes) {
    if (in_use_ || bytes > inline_bytes) return memory::frame_pool::allocate(bytes);
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
  alignas(std::max_align_t) std::byte storage_[inline_bytes];
  bool in_use_ = false;
};

/// The allocator through which a handler lends its operation_memory to Asio.
template <class T>
class operation_allocator {
 public:
  using value_type = T;

  explicit operation_allocator(operation_memory& memory) noexcept : memory_(&memory) {}
  template <class U>
  operation_allocator(const operation_allocator<U>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->allocate(count * sizeof(T))); }
  void deallocate(T* place, std::size_t) noexcept { memory_->deallocate(place); }

  template <class U>
  bool operator==(const operation_allocator<U>& other) const noexcept {
    return memory_ == other.memory_;
  }

 private:
  template <class>
  friend class operation_allocator;
  operation_memory* memory_;
};

}  // namespace tacit::io
