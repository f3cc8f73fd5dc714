#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/memory/frame_note.hpp>

namespace tacit::memory {

/// Memory for coroutine frames, by size class, one pool per thread that runs coroutines.
///
/// A thread binds a pool with frame_pool::binding; allocate() then takes from it, and from the heap
/// where none is bound or the frame is larger than the largest class. A block remembers its pool:
/// freed on another thread it goes home, in batches, over a lock-free list.
///
/// Threads:   allocate and deallocate from any thread; the pool belongs to the thread that bound
/// it. Lifetime:  a pool may be destroyed while blocks of it are in use; they then go to the heap
/// when
///            they are freed.
class frame_pool {
 public:
  static constexpr std::size_t class_bytes = 64;
  static constexpr std::size_t largest_bytes = 4096;
  // Per pool and class. A burst above it goes back to the heap. Not measured.
  static constexpr std::uint32_t kept_blocks_max = 4096;

  frame_pool();
  ~frame_pool();
  frame_pool(const frame_pool&) = delete;
  frame_pool& operator=(const frame_pool&) = delete;

  /// Makes `pool` (which may be null) the calling thread's pool until the binding is destroyed.
  class binding {
   public:
    explicit binding(frame_pool* pool) noexcept;
    ~binding();
    binding(const binding&) = delete;
    binding& operator=(const binding&) = delete;

   private:
    frame_pool* previous_;
  };

  /// Memory for `bytes`, aligned as operator new does, behind a frame_note (frame_note::of).
  /// Throws std::bad_alloc.
  [[nodiscard]] static void* allocate(std::size_t bytes);
  static void deallocate(void* frame) noexcept;

  /// Sends home the strays that this thread has gathered for other pools. Call before waiting.
  static void flush_strays() noexcept;

 private:
  struct block;
  struct core;
  struct strays;
  static void turn(frame_note& note) noexcept;
  static void* begin(block& used) noexcept;
  static void free_to(core& owner, block* block) noexcept;
  static void send_home(core& owner, block* first, block* last, std::uint32_t count) noexcept;

  core* core_;  // Outlives the pool while blocks are in use.
};

}  // namespace tacit::memory
