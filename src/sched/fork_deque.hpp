#pragma once

// Forked children of one worker: a fixed deque. The owner pushes and pops at the bottom (last in,
// first out: depth first, so memory stays bounded and caches warm), thieves take from the top, one
// at a time: the oldest, which is the largest piece of work.
//
// Chase and Lev, "Dynamic circular work-stealing deque" (SPAA 2005), with the memory orders of Lê,
// Pop, Cohen and Nardelli, "Correct and efficient work-stealing for weak memory models" (PPoPP
// 2013), but of fixed size: what does not fit goes to the run queue.
//   1. Only the owner moves bottom and writes slots. Slot = position % capacity.
//   2. top only grows; whoever moves it by compare-and-swap owns what was in that slot.
//   3. Pop lowers bottom before it looks at top, a thief looks at top before bottom; the seq_cst
//      fences between make one of them see the other, so the last element has one taker. The
//      owner's is light: a full fence for every child would be a tenth of what a small one costs.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <tacit/base/asymmetric_fence.hpp>
#include <tacit/base/atomic.hpp>

namespace tacit::sched {

template <class T, std::uint32_t Capacity>
class basic_fork_deque {
  static_assert((Capacity & (Capacity - 1)) == 0, "positions wrap at a power of two");

 public:
  static constexpr std::uint32_t capacity = Capacity;

  /// Owner. False if there is no room.
  bool push(T& child) noexcept {
    T* const one = &child;
    return push(&one, 1) == 1;
  }

  /// Owner. Pushes as many as there is room for, in their order, and returns how many.
  std::size_t push(T* const* children, std::size_t count) noexcept {
    const std::int64_t bottom = bottom_.load(base::memory_order_relaxed);
    // Acquire: pairs with the thief's move of top, after which it no longer reads the slot.
    const std::int64_t room = capacity - (bottom - top_.load(base::memory_order_acquire));
    const auto pushed = std::min(static_cast<std::int64_t>(count), room);
    for (std::int64_t i = 0; i < pushed; ++i)
      slot(bottom + i).store(children[i], base::memory_order_relaxed);
    // Release: publishes the slots, and what the children refer to, to thieves.
    bottom_.store(bottom + pushed, base::memory_order_release);
    return static_cast<std::size_t>(pushed);
  }

  /// Owner. nullptr if empty.
  T* pop() noexcept {
    const std::int64_t bottom = bottom_.load(base::memory_order_relaxed) - 1;
    // Release: a thief that reads this one instead of push's must see what push published, and a
    // relaxed store is no part of push's release sequence.
    bottom_.store(bottom, base::memory_order_release);
    base::light_fence();
    std::int64_t top = top_.load(base::memory_order_relaxed);
    if (top > bottom) {
      bottom_.store(bottom + 1, base::memory_order_relaxed);
      return nullptr;
    }
    T* last = slot(bottom).load(base::memory_order_relaxed);
    if (top == bottom) {
      // The last one: a thief may want it as well.
      if (!top_.compare_exchange_strong(top, top + 1, base::memory_order_seq_cst,
                                        base::memory_order_relaxed)) {
        last = nullptr;
      }
      bottom_.store(bottom + 1, base::memory_order_relaxed);
    }
    return last;
  }

  /// Owner. As pop(), but may give nullptr if there is only one left: the usual case, short enough
  /// to be inlined where children end.
  T* pop_one_of_many() noexcept {
    const std::int64_t bottom = bottom_.load(base::memory_order_relaxed) - 1;
    bottom_.store(bottom, base::memory_order_release);  // As in pop().
    base::light_fence();
    if (top_.load(base::memory_order_relaxed) < bottom) [[likely]] {
      return slot(bottom).load(base::memory_order_relaxed);
    }
    bottom_.store(bottom + 1, base::memory_order_release);
    return nullptr;
  }

  /// Owner. How many there are at least, but for those that thieves are about to take.
  [[nodiscard]] std::int64_t size_approx() const noexcept {
    return bottom_.load(base::memory_order_relaxed) - top_.load(base::memory_order_relaxed);
  }

  /// Any thread. nullptr if it is empty or somebody else was faster.
  T* steal() noexcept {
    if (empty_approx()) return nullptr;  // The fence is dear.
    std::int64_t top = top_.load(base::memory_order_acquire);
    base::heavy_fence();
    // Acquire: pairs with push.
    const std::int64_t bottom = bottom_.load(base::memory_order_acquire);
    if (top >= bottom) return nullptr;
    T* first = slot(top).load(base::memory_order_relaxed);
    if (!top_.compare_exchange_strong(top, top + 1, base::memory_order_seq_cst,
                                      base::memory_order_relaxed)) {
      return nullptr;
    }
    return first;
  }

  /// Any thread.
  [[nodiscard]] bool empty_approx() const noexcept {
    const std::int64_t top = top_.load(base::memory_order_seq_cst);
    return bottom_.load(base::memory_order_seq_cst) <= top;
  }

 private:
  base::atomic<T*>& slot(std::int64_t position) noexcept {
    return slots_[static_cast<std::uint64_t>(position) % capacity];
  }

  alignas(base::cache_line_bytes) base::atomic<std::int64_t> top_{0};
  alignas(base::cache_line_bytes) base::atomic<std::int64_t> bottom_{0};
  std::array<base::atomic<T*>, capacity> slots_{};
};

struct promise_base;
using fork_deque = basic_fork_deque<promise_base, 1024>;

}  // namespace tacit::sched
