#pragma once

#include <cstddef>
#include <memory_resource>

#include <tacit/memory/memory_budget.hpp>

namespace tacit::memory {

/// Memory for everything that one request needs, freed at once.
///
/// Allocating moves a pointer; freeing does nothing; reset() makes all of it reusable. Chunks are
/// kept for the next request up to `retained_bytes_max`, so requests of ordinary size allocate
/// nothing from the heap, and an extraordinary one does not keep its memory for ever. No chunk is
/// held before the first allocation.
///
/// Threads:   one at a time.
/// Lifetime:  what was allocated is valid until reset() or destruction; destructors are not run.
/// Errors:    throws std::bad_alloc where the heap does, and out_of_budget where the budget, if it
///            has one, refuses a large chunk.
class arena final : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t first_chunk_bytes = 4096;
  // Holds a request with the largest head the default limits admit, twice over. Not measured.
  static constexpr std::size_t retained_bytes_max = 64 * 1024;

  arena() = default;
  /// `budget` may be null, and outlives it.
  explicit arena(memory_budget* budget) noexcept : budget_(budget) {}
  ~arena() override;
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  /// Makes all memory reusable and gives back to the heap what exceeds the retained amount.
  void reset() noexcept;

  /// Holds nothing any more. A chunk of the first size is kept for the thread's next arena.
  void release() noexcept;

  /// Gives the chunks that are kept for the calling thread's next arenas away, for all threads.
  static void release_kept() noexcept;

  /// Once a large chunk was refused, so much is given in small ones before those are refused as
  /// well: a request that goes on needs no more, and one that wants much notices.
  static constexpr std::size_t unasked_bytes_max = 64 * 1024;

  /// Bytes held, whether in use or kept.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }

 private:
  struct chunk {
    chunk* next;
    std::size_t bytes;  // Of the chunk, this header included.
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void*, std::size_t, std::size_t) noexcept override {}
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
  void* allocate_from_next_chunk(std::size_t bytes, std::size_t alignment);
  void use(chunk* next) noexcept;
  [[nodiscard]] bool is_granted(std::size_t bytes) noexcept;
  [[nodiscard]] bool is_small_enough(std::size_t bytes) noexcept;
  void settle() noexcept;

  memory_budget* budget_ = nullptr;
  std::size_t unasked_bytes_ = 0;   // In small chunks, since a large one was refused.
  std::size_t held_of_budget_ = 0;  // For the current chunk, of which little may be touched yet.
  std::byte* cursor_ = nullptr;
  std::byte* limit_ = nullptr;
  chunk* first_ = nullptr;
  chunk* current_ = nullptr;  // Those behind it are kept and unused.
  std::size_t held_bytes_ = 0;
};

}  // namespace tacit::memory
