#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace tacit::memory {

/// A block of bytes that goes back where it came from when it is destroyed. Movable, may be empty.
class buffer {
 public:
  buffer() = default;
  explicit buffer(std::size_t bytes);  ///< From the calling thread's pool if it fits, or the heap.
  ~buffer();
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  [[nodiscard]] char* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Read and write buffers for the connections of one thread.
///
/// Blocks have one size. A block goes to the pool of the thread that frees it, whichever that is:
/// it carries nothing of its origin. At most `kept_blocks_max` are kept; what is beyond them, and
/// buffers of other sizes, are kept for all threads and returned to the kernel when nobody needs
/// them (memory::reclaimer).
///
/// Threads: used by the thread that bound it (buffer_pool::binding).
class buffer_pool {
 public:
  static constexpr std::size_t block_bytes = 16 * 1024;
  static constexpr std::size_t kept_blocks_max = 64;  // 1 MiB per worker. Not measured.

  buffer_pool() { kept_.reserve(kept_blocks_max); }
  ~buffer_pool();
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;

  /// Gives what the calling thread's pool keeps away, for all threads.
  static void release_kept() noexcept;

  class binding {
   public:
    explicit binding(buffer_pool* pool) noexcept;
    ~binding();
    binding(const binding&) = delete;
    binding& operator=(const binding&) = delete;

   private:
    buffer_pool* previous_;
  };

 private:
  friend class buffer;
  void release_all() noexcept;
  std::vector<char*> kept_;
};

}  // namespace tacit::memory
