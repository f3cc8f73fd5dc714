#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include <tacit/base/clock.hpp>
#include <tacit/memory/frame_note.hpp>
#include <tacit/memory/free_frames.hpp>
#include <tacit/memory/size_class.hpp>

namespace tacit::memory {

class frame_core;

/// What the frames of the process cost. Each figure is exact on its own; together they are no
/// snapshot.
struct frame_statistics {
  std::size_t slab_bytes = 0;      ///< In slabs that pools use.
  std::size_t idle_bytes = 0;      ///< In slabs that no pool uses, kept for the next that asks.
  std::size_t returned_bytes = 0;  ///< In slabs that no pool uses, returned to the kernel.
  std::size_t live_bytes = 0;      ///< In blocks in use: frames, notes, what rounding up adds.
  std::size_t live_frames = 0;     ///< In slabs and on the heap. Strays under way count.
  std::size_t heap_frames = 0;     ///< Those of them that are from the general allocator.
};

/// Memory for coroutine frames, by size class, one pool per thread that runs coroutines.
///
/// A thread binds a pool with frame_pool::binding; allocate() then takes from it, and from the
/// general allocator where none is bound, the frame is larger than `largest_bytes`, or the kernel
/// refuses addresses. Frames lie in slabs of one size, of which an address tells the owner, so the
/// only thing in front of a frame is its frame_note.
///
/// A frame that is freed on another thread goes home, in batches, over a lock-free list; a thread
/// holds back at most `strays_max` of them. Its owner takes it back when it needs memory, and
/// before it waits (flush_strays).
///
/// Slabs that become empty leave the pool but for `empty_slabs_max`. They are kept for all pools of
/// the process, and returned to the kernel by whoever calls trim().
///
/// Threads:   allocate and deallocate from any thread; the pool belongs to the thread that bound
///            it. What is static and reads may be called from any thread.
/// Lifetime:  a pool may be destroyed while frames of it are in use; their memory is free for other
///            pools once all frames of a slab have been freed.
class frame_pool {
 public:
  static constexpr std::size_t largest_bytes = largest_frame_bytes;
  // Per pool, 64 KiB each, and the one per size class that frames are being taken from. Enough that
  // a batch of connections that come and go touches no lock. Not measured.
  static constexpr std::uint32_t empty_slabs_max = 8;
  // Per thread. Batches of 32 for up to four owners.
  static constexpr std::uint32_t strays_max = 128;

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
    frame_core* previous_;
  };

  /// Memory for `bytes`, aligned as operator new does, behind a frame_note (frame_note::of) that
  /// says nothing but that the frame is live. Throws std::bad_alloc.
  [[nodiscard]] static void* allocate(std::size_t bytes) {
#if defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(TACIT_MODEL)
    if (frame_heads* const heads = heads_of_this_thread; heads && bytes <= largest_bytes)
        [[likely]] {
      if (void* const frame = (*heads)[class_of(bytes)]->take()) [[likely]] {
        frame_note::of(frame).begin();
        return frame;
      }
    }
#endif
    return allocate_slowly(bytes);
  }
  static void deallocate(void* frame) noexcept;

  /// Sends home the strays that this thread has gathered for other pools, and takes back those of
  /// its own. Call before waiting.
  static void flush_strays() noexcept;

  /// Gives the slabs of the calling thread's pool in which nothing is in use away, for all pools.
  static void release_kept() noexcept;

  /// Calls `visit` with each live frame of the process: where it is, for how many bytes there is
  /// room, and its note. frame_note::read() copies what belongs together.
  ///
  /// A frame that is live throughout is visited, once; one that comes or goes meanwhile may be. No
  /// thread waits for a visit, except to allocate or free frames of the general allocator, so it
  /// should be brief; it must not allocate or free frames itself.
  using visitor = std::function<void(const void* frame, std::size_t bytes, const frame_note&)>;
  static void for_each_live(const visitor& visit);

  /// Returns to the kernel the memory of slabs that no pool has used for `delay`, those unused
  /// longest first, at most `bytes_max`. Gives the bytes. About 20 us per slab, without a lock: for
  /// a thread that runs no coroutines, in small slices.
  static std::size_t trim(base::steady_time now, std::chrono::nanoseconds delay,
                          std::size_t bytes_max) noexcept;

  [[nodiscard]] static frame_statistics statistics() noexcept;

 private:
  // Apart from the usual case. AddressSanitizer has to be told of a frame, so there it is the only
  // one.
  [[nodiscard]] static void* allocate_slowly(std::size_t bytes);

  frame_core* core_;  // Outlives the pool while frames are in use.
};

}  // namespace tacit::memory
