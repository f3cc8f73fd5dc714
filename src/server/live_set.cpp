#include "server/live_set.hpp"

#include <algorithm>
#include <memory_resource>
#include <mutex>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>

namespace tacit::server {
namespace {

constexpr std::size_t payload_bytes = 320;
constexpr std::size_t tag_bytes = 32;  // longer than what std::string keeps inside

struct session {
  session(std::uint64_t number, std::pmr::memory_resource* from)
      : id(number),
        payload(payload_bytes, static_cast<char>(number), from),
        tags{tag(0, from), tag(1, from), tag(2, from), tag(3, from)} {}

  [[nodiscard]] std::pmr::string tag(std::uint64_t which, std::pmr::memory_resource* from) const {
    return {tag_bytes, static_cast<char>(id + which), from};
  }

  std::uint64_t id;
  std::uint64_t visits = 1;
  session* newer = nullptr;
  session* older = nullptr;
  std::pmr::string payload;
  std::array<std::pmr::string, 4> tags;
};

// The finalizer of SplitMix64.
std::uint64_t mix(std::uint64_t turn) noexcept {
  std::uint64_t z = turn * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Blocks from large pieces; what is given back is kept for the next of its size. In steps of 16
// bytes, where the standard library's pools round up to the next power of two: that would be nearly
// twice the memory for a session.
class slabs final : public std::pmr::memory_resource {
 private:
  static constexpr std::size_t step = 16;
  static constexpr std::size_t largest = 512;
  struct free_block {
    free_block* next;
  };

  static bool is_ours(std::size_t bytes, std::size_t alignment) noexcept {
    return bytes <= largest && alignment <= step;
  }
  static std::size_t steps_of(std::size_t bytes) noexcept {
    return (std::max<std::size_t>(bytes, 1) + step - 1) / step;
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (!is_ours(bytes, alignment)) return heap_.allocate(bytes, alignment);
    const std::size_t steps = steps_of(bytes);
    free_block*& first = free_[steps];
    if (first == nullptr) return pieces_.allocate(steps * step, step);
    return std::exchange(first, first->next);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    if (!is_ours(bytes, alignment)) return heap_.deallocate(block, bytes, alignment);
    free_block*& first = free_[steps_of(bytes)];
    first = ::new (block) free_block{first};
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource& heap_ = *std::pmr::new_delete_resource();
  std::array<free_block*, largest / step + 1> free_{};
  std::pmr::monotonic_buffer_resource pieces_{64 * 1024, &heap_};
};

}  // namespace

/// One part of the set: an index, and a list by last use.
class live_set::shard {
 public:
  shard(std::uint64_t sessions_max, memory::mode mode)
      : memory_(mode == memory::mode::arena ? &slabs_ : std::pmr::new_delete_resource()),
        sessions_max_(sessions_max),
        index_(memory_) {
    index_.reserve(sessions_max);
  }
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;
  ~shard() {
    while (oldest_ != nullptr)
      drop(oldest_);
  }

  void replace(std::uint64_t id) {
    const std::lock_guard guard(mutex_);
    session* made = make(id);
    const auto found = index_.find(id);
    if (found != index_.end()) {
      made->visits = found->second->visits + 1;
      drop(std::exchange(found->second, made));
      ++replaced_;
    } else {
      if (index_.size() == sessions_max_) evict();
      index_.emplace(id, made);
    }
    link(made);
  }

  [[nodiscard]] std::uint64_t size() const {
    const std::lock_guard guard(mutex_);
    return index_.size();
  }
  [[nodiscard]] std::uint64_t replaced() const {
    const std::lock_guard guard(mutex_);
    return replaced_;
  }
  [[nodiscard]] std::uint64_t evicted() const {
    const std::lock_guard guard(mutex_);
    return evicted_;
  }
  [[nodiscard]] std::uint64_t visits(std::uint64_t id) const {
    const std::lock_guard guard(mutex_);
    const auto found = index_.find(id);
    return found == index_.end() ? 0 : found->second->visits;
  }

 private:
  [[nodiscard]] session* make(std::uint64_t id) {
    return std::pmr::polymorphic_allocator<>(memory_).new_object<session>(id, memory_);
  }

  void evict() {
    index_.erase(oldest_->id);
    drop(oldest_);
    ++evicted_;
  }

  void link(session* made) noexcept {
    made->older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = made;
    newest_ = made;
  }

  void drop(session* old) noexcept {
    (old->newer != nullptr ? old->newer->older : newest_) = old->older;
    (old->older != nullptr ? old->older->newer : oldest_) = old->newer;
    std::pmr::polymorphic_allocator<>(memory_).delete_object(old);
  }

  mutable std::mutex mutex_;  // Guards the rest, the slabs among it.
  slabs slabs_;
  std::pmr::memory_resource* const memory_;
  const std::uint64_t sessions_max_;
  std::pmr::unordered_map<std::uint64_t, session*> index_;
  session* newest_ = nullptr;
  session* oldest_ = nullptr;
  std::uint64_t replaced_ = 0;
  std::uint64_t evicted_ = 0;
};

live_set::live_set(std::uint64_t megabytes, memory::mode mode)
    : sessions_(megabytes * sessions_per_mb) {
  if (sessions_ == 0) return;
  for (auto& each : shards_)
    each = std::make_unique<shard>(sessions_ / shards, mode);
  for (std::uint64_t id = 0; id != sessions_; ++id)
    shards_[id % shards]->replace(id);
}

live_set::~live_set() = default;

void live_set::touch() {
  if (sessions_ == 0) return;
  const std::uint64_t id = session_of(turn_.fetch_add(1, std::memory_order_relaxed) + 1);
  shards_[id % shards]->replace(id);
}

std::uint64_t live_set::session_of(std::uint64_t turn) const noexcept {
  return mix(turn) % (2 * sessions_);
}

std::uint64_t live_set::size() const {
  std::uint64_t sum = 0;
  for (const auto& each : shards_)
    sum += each ? each->size() : 0;
  return sum;
}

std::uint64_t live_set::replaced() const {
  std::uint64_t sum = 0;
  for (const auto& each : shards_)
    sum += each ? each->replaced() : 0;
  return sum;
}

std::uint64_t live_set::evicted() const {
  std::uint64_t sum = 0;
  for (const auto& each : shards_)
    sum += each ? each->evicted() : 0;
  return sum;
}

std::uint64_t live_set::visits(std::uint64_t id) const {
  return sessions_ == 0 ? 0 : shards_[id % shards]->visits(id);
}

}  // namespace tacit::server
