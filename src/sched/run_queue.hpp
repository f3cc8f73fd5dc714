#pragma once

// The ready coroutines of one worker: a fixed ring. The owner pushes at the tail and pops at the
// head (first in, first out); thieves take half from the head.
//
// `head_` holds two positions: `real`, up to which slots are free for the owner to write, and
// `steal`, which trails it while a thief copies. Positions only grow and wrap at 2^32; slot =
// position % capacity.
//   1. tail - steal <= capacity.
//   2. Only the owner moves tail and writes slots; it writes slot t before it publishes t + 1.
//   3. steal != real means that one thief is copying [steal, real): the owner does not overwrite
//      these, a second thief gives up. The thief then sets steal = real.
//   4. Whoever moves real over a slot, by compare-and-swap, owns what is in it.
// The design is tokio's (runtime/scheduler/multi_thread/queue.rs). Rejected: Chase-Lev, which is
// last in, first out for its owner and steals one at a time.

#include <array>
#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::sched {

template <std::uint32_t Capacity>
class basic_run_queue {
  static_assert((Capacity & (Capacity - 1)) == 0, "positions wrap at a power of two");

 public:
  static constexpr std::uint32_t capacity = Capacity;

  /// Owner. False if the ring is full.
  bool push(runnable& ready) noexcept {
    const std::uint32_t tail = tail_.load(base::memory_order_relaxed);
    // Acquire: pairs with the thief's release of the slots it has copied.
    const auto head = unpack(head_.load(base::memory_order_acquire));
    if (tail - head.steal >= capacity) return false;
    slots_[tail % capacity].store(&ready, base::memory_order_relaxed);
    // Release: publishes the slot to thieves, who acquire the tail.
    tail_.store(tail + 1, base::memory_order_release);
    return true;
  }

  /// Owner. nullptr if empty.
  runnable* pop() noexcept {
    std::uint64_t packed = head_.load(base::memory_order_acquire);
    for (;;) {
      const auto head = unpack(packed);
      if (head.real == tail_.load(base::memory_order_relaxed)) return nullptr;
      const std::uint32_t next = head.real + 1;
      // Leave a copying thief its steal position; otherwise both move together.
      const std::uint64_t moved = pack(head.steal == head.real ? next : head.steal, next);
      if (head_.compare_exchange_weak(packed, moved, base::memory_order_acq_rel,
                                      base::memory_order_acquire)) {
        return slots_[head.real % capacity].load(base::memory_order_relaxed);
      }
    }
  }

  /// A thief, who owns `into`, which must be empty. Moves half of what is here into it and returns
  /// one of these to be run at once; nullptr if there was nothing to take.
  runnable* steal_into(basic_run_queue& into) noexcept {
    const std::uint32_t to = into.tail_.load(base::memory_order_relaxed);
    const auto into_head = unpack(into.head_.load(base::memory_order_acquire));
    // Somebody may still be copying from `into`; then there may be no room for half a ring.
    if (to - into_head.steal > capacity / 2) return nullptr;

    std::uint64_t packed = head_.load(base::memory_order_acquire);
    positions head;
    std::uint32_t count;
    for (;;) {
      head = unpack(packed);
      // Acquire: pairs with push, so that the slots up to tail are visible.
      const std::uint32_t tail = tail_.load(base::memory_order_acquire);
      if (head.steal != head.real) return nullptr;
      const std::uint32_t available = tail - head.real;
      // The two loads are not one snapshot: head may be older than tail by more than a ring.
      if (available > capacity) {
        packed = head_.load(base::memory_order_acquire);
        continue;
      }
      count = available - available / 2;
      if (count == 0) return nullptr;
      if (head_.compare_exchange_weak(packed, pack(head.steal, head.real + count),
                                      base::memory_order_acq_rel, base::memory_order_acquire)) {
        break;
      }
    }

    // Slots [real, real + count) are ours. The last is returned, the rest go to `into`.
    for (std::uint32_t i = 0; i + 1 < count; ++i) {
      runnable* each = slots_[(head.real + i) % capacity].load(base::memory_order_relaxed);
      into.slots_[(to + i) % capacity].store(each, base::memory_order_relaxed);
    }
    runnable* last = slots_[(head.real + count - 1) % capacity].load(base::memory_order_relaxed);

    packed = head_.load(base::memory_order_acquire);
    for (;;) {
      const std::uint32_t real = unpack(packed).real;  // The owner may have popped meanwhile.
      if (head_.compare_exchange_weak(packed, pack(real, real), base::memory_order_acq_rel,
                                      base::memory_order_acquire)) {
        break;
      }
    }
    if (count > 1) into.tail_.store(to + count - 1, base::memory_order_release);
    return last;
  }

  /// Any thread. Exact for the owner while nobody steals.
  [[nodiscard]] std::uint32_t size_approx() const noexcept {
    const std::uint32_t real = unpack(head_.load(base::memory_order_seq_cst)).real;
    const std::uint32_t tail = tail_.load(base::memory_order_seq_cst);
    const std::uint32_t size = tail - real;
    // The two loads are no snapshot. Work that may be there must not be overlooked.
    return size > capacity ? capacity : size;
  }

 private:
  struct positions {
    std::uint32_t steal;
    std::uint32_t real;
  };
  static positions unpack(std::uint64_t packed) noexcept {
    return {static_cast<std::uint32_t>(packed >> 32), static_cast<std::uint32_t>(packed)};
  }
  static std::uint64_t pack(std::uint32_t steal, std::uint32_t real) noexcept {
    return std::uint64_t{steal} << 32 | real;
  }

  alignas(base::cache_line_bytes) base::atomic<std::uint64_t> head_{0};
  alignas(base::cache_line_bytes) base::atomic<std::uint32_t> tail_{0};
  std::array<base::atomic<runnable*>, capacity> slots_{};
};

using run_queue = basic_run_queue<256>;

}  // namespace tacit::sched
