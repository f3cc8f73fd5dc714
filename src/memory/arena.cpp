#include <tacit/memory/arena.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "memory/page_space.hpp"
#include "memory/sanitizer.hpp"

namespace tacit::memory {
namespace {

// First chunks that the arenas of a thread have released, for its next one: a connection takes one
// per request. The last one is the warmest.
class kept_chunks {
 public:
  kept_chunks() = default;
  ~kept_chunks() { release_all(); }
  kept_chunks(const kept_chunks&) = delete;
  kept_chunks& operator=(const kept_chunks&) = delete;

  [[nodiscard]] void* take() noexcept { return count_ == 0 ? nullptr : kept_[--count_]; }
  [[nodiscard]] bool keep(void* chunk) noexcept {
    if (count_ == kept_.size()) return false;
    kept_[count_++] = chunk;
    return true;
  }
  void release_all() noexcept {
    while (void* const each = take())
      page_space::release(each, arena::first_chunk_bytes);
  }

 private:
  // 256 KiB. Only requests under way at the same time need more than one. Not measured.
#ifdef TACIT_ADDRESS_SANITIZER
  std::array<void*, 0> kept_;  // It is to notice who uses a chunk that was released.
#else
  std::array<void*, 64> kept_;
#endif
  std::size_t count_ = 0;
};

thread_local kept_chunks kept;

// nullptr if it does not fit. Never forms a pointer outside the chunk.
std::byte* fit(std::byte* cursor, const std::byte* limit, std::size_t bytes,
               std::size_t alignment) noexcept {
  if (!cursor) return nullptr;
  void* place = cursor;
  auto space = static_cast<std::size_t>(limit - cursor);
  return static_cast<std::byte*>(std::align(alignment, bytes, place, space));
}

}  // namespace

arena::~arena() {
  release();
}

void* arena::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (auto* place = fit(cursor_, limit_, bytes, alignment)) [[likely]] {
    cursor_ = place + bytes;
    return place;
  }
  return allocate_from_next_chunk(bytes, alignment);
}

void* arena::allocate_from_next_chunk(std::size_t bytes, std::size_t alignment) {
  const std::size_t needed = sizeof(chunk) + bytes + alignment;
  while (current_ && current_->next) {
    use(current_->next);
    if (current_->bytes >= needed) return do_allocate(bytes, alignment);
  }
  std::size_t size = page_space::rounded(std::max(needed, current_ ? 2 * current_->bytes : 0));
  if (!is_granted(size)) {
    size = page_space::rounded(needed);
    if (!is_small_enough(size)) throw out_of_budget();
  }
  void* memory = size == first_chunk_bytes ? kept.take() : nullptr;
  if (!memory) memory = page_space::allocate(size);
  auto* fresh = new (memory) chunk{nullptr, size};
  held_bytes_ += size;
  (current_ ? current_->next : first_) = fresh;
  use(fresh);
  return do_allocate(bytes, alignment);
}

// Small ones make no difference between two looks at what the process uses.
bool arena::is_granted(std::size_t bytes) noexcept {
  if (!budget_ || bytes < memory_budget::large_bytes) return true;
  if (!budget_->hold(bytes)) return false;
  settle();  // The chunk before it is full.
  held_of_budget_ = bytes;
  return true;
}

// Who is refused is given a little again: the answer that says so has to be written.
bool arena::is_small_enough(std::size_t bytes) noexcept {
  if (bytes >= memory_budget::large_bytes) return is_granted(bytes);
  unasked_bytes_ += bytes;
  if (unasked_bytes_ <= unasked_bytes_max) return true;
  unasked_bytes_ = 0;
  return false;
}

void arena::settle() noexcept {
  if (held_of_budget_ != 0) budget_->settle(std::exchange(held_of_budget_, 0));
}

void arena::release_kept() noexcept {
  kept.release_all();
}

void arena::use(chunk* next) noexcept {
  current_ = next;
  cursor_ = reinterpret_cast<std::byte*>(next + 1);
  limit_ = reinterpret_cast<std::byte*>(next) + next->bytes;
}

void arena::reset() noexcept {
  unasked_bytes_ = 0;
  if (!first_) return;
  settle();
  if (held_bytes_ > retained_bytes_max) {
    // A first chunk made for one huge request must not be kept either.
    chunk** link = &first_;
    std::size_t bytes_kept = 0;
    while (chunk* each = *link) {
      if (bytes_kept + each->bytes <= retained_bytes_max) {
        bytes_kept += each->bytes;
        link = &each->next;
      } else {
        *link = each->next;
        page_space::release(each, each->bytes);
      }
    }
    held_bytes_ = bytes_kept;
  }
  current_ = nullptr;
  cursor_ = limit_ = nullptr;
  if (first_) use(first_);
}

void arena::release() noexcept {
  unasked_bytes_ = 0;
  settle();
  while (chunk* each = first_) {
    first_ = each->next;
    if (each->bytes != first_chunk_bytes || !kept.keep(each)) {
      page_space::release(each, each->bytes);
    }
  }
  current_ = nullptr;
  cursor_ = limit_ = nullptr;
  held_bytes_ = 0;
}

}  // namespace tacit::memory
