#include "memory/page_space.hpp"

#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>

#include <tacit/base/atomic.hpp>
#include <tacit/base/word_lock.hpp>
#include "memory/sanitizer.hpp"

namespace tacit::memory::page_space {
namespace {

constexpr std::size_t sizes = std::bit_width(largest_bytes / smallest_bytes);
// Addresses cost nothing.
constexpr std::size_t range_bytes_max = std::size_t{16} << 30;
constexpr std::size_t blocks_max = std::size_t{1} << 20;
constexpr std::size_t piece_bytes = std::size_t{4} << 20;
constexpr std::size_t madvise_bytes_max = 64 * 1024;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

struct free_block {
  std::uint32_t index;
  std::uint32_t since_ms;  // Of the steady clock; it wraps, and differences do not mind.
};

std::uint32_t in_ms(base::steady_time time) noexcept {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

void* reserve(std::size_t bytes, int protection) noexcept {
  void* const range =
      mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return range == MAP_FAILED ? nullptr : range;
}

// All blocks of one size.
//
// `warm_` is a ring: blocks are taken where they were put last, and trimmed at the other end, so
// they lie in the order in which they became free.
class alignas(base::cache_line_bytes) size_space {
 public:
  [[nodiscard]] void* take(std::size_t bytes) noexcept {
    const std::lock_guard guard(lock_);
    std::uint32_t index = 0;
    if (warm_end_ != warm_begin_) {
      index = warm_[--warm_end_ & (capacity_ - 1)].index;
    } else if (cold_count_ != 0) {
      index = cold_[--cold_count_];
    } else if (opened_ < permitted_ || open_piece(bytes)) {
      index = opened_++;
    } else {
      return nullptr;
    }
    return begin_ + index * bytes;
  }

  /// False if the block is not of this range.
  bool put(void* block, std::size_t bytes, std::uint32_t now_ms) noexcept {
    const std::lock_guard guard(lock_);
    const auto offset =
        reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(begin_);
    if (!begin_ || offset >= capacity_ * bytes) return false;
    warm_[warm_end_++ & (capacity_ - 1)] = {static_cast<std::uint32_t>(offset / bytes), now_ms};
    return true;
  }

  /// The block that has been free for longest, if it has been since before.
  [[nodiscard]] std::optional<std::uint32_t> take_oldest(std::uint32_t before_ms) noexcept {
    const std::lock_guard guard(lock_);
    if (warm_end_ == warm_begin_) return std::nullopt;
    const free_block& oldest = warm_[warm_begin_ & (capacity_ - 1)];
    if (static_cast<std::int32_t>(before_ms - oldest.since_ms) < 0) return std::nullopt;
    ++warm_begin_;
    return oldest.index;
  }

  void put_without_memory(std::uint32_t index) noexcept {
    const std::lock_guard guard(lock_);
    cold_[cold_count_++] = index;
  }

  [[nodiscard]] std::byte* at(std::uint32_t index, std::size_t bytes) const noexcept {
    return begin_ + index * bytes;
  }

  void add_to(statistics& sum, std::size_t bytes) noexcept {
    const std::lock_guard guard(lock_);
    const std::size_t kept = warm_end_ - warm_begin_;
    sum.kept_bytes += kept * bytes;
    sum.returned_bytes += cold_count_ * bytes;
    sum.used_bytes += (opened_ - kept - cold_count_) * bytes;
  }

 private:
  // Under the lock, once per 4 MiB.
  bool open_piece(std::size_t bytes) noexcept {
    if (!begin_ && !open_range(bytes)) return false;
    const std::size_t more = std::max<std::size_t>(1, piece_bytes / bytes);
    if (permitted_ + more > capacity_) return false;
    if (mprotect(begin_ + permitted_ * bytes, more * bytes, PROT_READ | PROT_WRITE) != 0) {
      return false;
    }
    permitted_ += static_cast<std::uint32_t>(more);
    return true;
  }

  bool open_range(std::size_t bytes) noexcept {
    if (refused_) return false;
    const std::size_t count = std::min(blocks_max, range_bytes_max / bytes);
    auto* const range = static_cast<std::byte*>(reserve(count * bytes, PROT_NONE));
    void* const warm = reserve(count * sizeof(free_block), PROT_READ | PROT_WRITE);
    void* const cold = reserve(count * sizeof(std::uint32_t), PROT_READ | PROT_WRITE);
    refused_ = !range || !warm || !cold;
    if (refused_) {  // Where addresses are limited: RLIMIT_AS.
      if (range) munmap(range, count * bytes);
      if (warm) munmap(warm, count * sizeof(free_block));
      if (cold) munmap(cold, count * sizeof(std::uint32_t));
      return false;
    }
    // Else the first touch of a small block would take 2 MiB where that is switched on.
    if (bytes < huge_page_bytes) madvise(range, count * bytes, MADV_NOHUGEPAGE);
    warm_ = static_cast<free_block*>(warm);
    cold_ = static_cast<std::uint32_t*>(cold);
    capacity_ = count;
    begin_ = range;
    return true;
  }

  base::word_lock lock_;  // Guards the rest. Held during a system call only to open addresses.
  std::byte* begin_ = nullptr;
  std::size_t capacity_ = 0;  // A power of two.
  std::uint32_t opened_ = 0;  // Blocks that were ever lent, from the first one on.
  std::uint32_t permitted_ = 0;
  bool refused_ = false;
  free_block* warm_ = nullptr;
  std::uint64_t warm_begin_ = 0;
  std::uint64_t warm_end_ = 0;
  std::uint32_t* cold_ = nullptr;
  std::size_t cold_count_ = 0;
};

constinit std::array<size_space, sizes> spaces;

[[maybe_unused]] std::size_t number_of(std::size_t rounded_bytes) noexcept {
  return static_cast<std::size_t>(std::countr_zero(rounded_bytes / smallest_bytes));
}

// The block that is being returned, of which the next slice takes more. Guarded by `trimming`.
struct partly_returned {
  std::size_t number = sizes;  // None.
  std::uint32_t index = 0;
  std::size_t done_bytes = 0;
};
constinit partly_returned present;
constinit base::atomic<bool> trimming{false};

std::size_t trim_present(std::size_t bytes_max) noexcept {
  const std::size_t bytes = smallest_bytes << present.number;
  std::byte* const block = spaces[present.number].at(present.index, bytes);
  std::size_t trimmed = 0;
  while (present.done_bytes < bytes && trimmed < bytes_max) {
    const std::size_t step = std::min(bytes - present.done_bytes, madvise_bytes_max);
    madvise(block + present.done_bytes, step, MADV_DONTNEED);
    present.done_bytes += step;
    trimmed += step;
  }
  if (present.done_bytes == bytes) {
    spaces[present.number].put_without_memory(present.index);
    present = {};
  }
  return trimmed;
}

bool find_next(std::uint32_t before_ms) noexcept {
  for (std::size_t number = 0; number < sizes; ++number) {
    if (const auto oldest = spaces[number].take_oldest(before_ms)) {
      present = {number, *oldest, 0};
      return true;
    }
  }
  return false;
}

}  // namespace

void* allocate(std::size_t bytes) {
  [[maybe_unused]] const std::size_t all = rounded(bytes);
#ifndef TACIT_ADDRESS_SANITIZER  // It is to notice who uses a block that was released.
  if (all <= largest_bytes) {
    if (void* const block = spaces[number_of(all)].take(all)) return block;
  }
#endif
  return ::operator new(all);
}

void release(void* block, std::size_t bytes) noexcept {
  [[maybe_unused]] const std::size_t all = rounded(bytes);
#ifndef TACIT_ADDRESS_SANITIZER
  const std::uint32_t now = in_ms(std::chrono::steady_clock::now());
  if (all <= largest_bytes && spaces[number_of(all)].put(block, all, now)) return;
#endif
  ::operator delete(block);
}

std::size_t trim(base::steady_time before, std::size_t bytes_max) noexcept {
  if (trimming.exchange(true, base::memory_order_acquire)) return 0;
  std::size_t trimmed = 0;
  while (trimmed < bytes_max && (present.number != sizes || find_next(in_ms(before)))) {
    trimmed += trim_present(bytes_max - trimmed);
  }
  trimming.store(false, base::memory_order_release);
  return trimmed;
}

statistics read_statistics() noexcept {
  statistics sum;
  for (std::size_t number = 0; number < sizes; ++number)
    spaces[number].add_to(sum, smallest_bytes << number);
  return sum;
}

}  // namespace tacit::memory::page_space
