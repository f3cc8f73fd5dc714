#include "memory/frame_core.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include <tacit/memory/frame_pool.hpp>

#include "memory/sanitizer.hpp"
#include "memory/slab_space.hpp"

namespace tacit::memory {
namespace {

constexpr std::int32_t at_every_free = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t when_empty = 0;
constexpr std::int32_t never = -1;

// Notes are made for about a page at a time, so that a thread with few coroutines uses few pages.
constexpr std::size_t carved_at_once_bytes = 4096;

constinit slab none;          // The head of a class without slabs: nothing is free in it.
constinit char sentinel = 0;  // Its address in `returned_` says that the pool is gone.

[[nodiscard]] void* closed() noexcept {
  return &sentinel;
}

}  // namespace

frame_core::frame_core(std::uint32_t number) noexcept : number_(number) {
  heads_.fill(&none);
}

bool frame_core::refill(std::size_t size_class) noexcept {
  collect();
  free_frames*& head = heads_[size_class];
  while (head != &none) {
    if (head->free || carve(static_cast<slab&>(*head))) return true;
    retire_head(size_class);
  }
  slab* const fresh = slab_space::take(*this, size_class);
  if (!fresh) return false;
  carve(*fresh);
  listed_[size_class].push_front(*fresh);
  make_head(*fresh);
  return true;
}

bool frame_core::carve(slab& from) noexcept {
  const std::size_t bytes = block_sizes[from.size_class];
  const auto begin = from.carved.load(base::memory_order_relaxed);
  const auto count =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, carved_at_once_bytes / bytes));
  const auto end = std::min(from.capacity, begin + count);
  std::byte* const first = slab_space::memory_of(from) + slab::first_block_at;
  for (auto index = end; index != begin; --index) {
    auto* const made = new (first + (index - 1) * bytes) frame_note;
    void* const frame = made + 1;
    forbid(frame, bytes - sizeof(frame_note));
    link_free(frame, from.free);
    from.free = frame;
  }
  // Release: a reader that counts the blocks finds their notes.
  from.carved.store(end, base::memory_order_release);
  return begin != end;
}

void frame_core::make_head(slab& next) noexcept {
  heads_[next.size_class] = &next;
  next.notify_at = never;
}

// The head has nothing left: the next one that is not exhausted takes its place.
void frame_core::retire_head(std::size_t size_class) noexcept {
  auto& list = listed_[size_class];
  slab& head = *list.first;
  list.erase(head);
  exhausted_.push_front(head);
  head.notify_at = at_every_free;
  if (!list.first) {
    heads_[size_class] = &none;
    return;
  }
  if (list.first->used.load(base::memory_order_relaxed) == 0) --empty_listed_;
  make_head(*list.first);
}

void frame_core::on_event(slab& at) noexcept {
  if (at.notify_at == when_empty) return keep_or_give_back(at);
  auto& list = listed_[at.size_class];
  slab* const behind = list.first;
  exhausted_.erase(at);
  list.push_front(at);
  make_head(at);
  if (!behind) return;
  behind->notify_at = when_empty;
  if (behind->used.load(base::memory_order_relaxed) == 0) keep_or_give_back(*behind);
}

void frame_core::keep_or_give_back(slab& empty) noexcept {
  if (empty_listed_ < frame_pool::empty_slabs_max) {
    ++empty_listed_;
    return;
  }
  listed_[empty.size_class].erase(empty);
  slab_space::give_back(empty);
}

void frame_core::release_empty() noexcept {
  collect();
  for (std::size_t size_class = 0; size_class < size_classes; ++size_class) {
    slab_list& list = listed_[size_class];
    for (slab* each = list.first; each;) {
      slab& one = *each;
      each = each->next;
      if (one.used.load(base::memory_order_relaxed) != 0) continue;
      list.erase(one);
      slab_space::give_back(one);
    }
    if (!list.first) {
      heads_[size_class] = &none;
    } else if (heads_[size_class] != list.first) {
      make_head(*list.first);
    }
  }
  empty_listed_ = 0;
}

void frame_core::collect_now() noexcept {
  put_all(returned_.exchange(nullptr, base::memory_order_acquire));
}

void frame_core::put_all(void* first) noexcept {
  while (first) {
    void* const next = next_free(first);
    put(slab_space::of(first), first);
    first = next;
  }
}

void frame_core::send_home(void* first, void* last, std::uint32_t count) noexcept {
  void* head = returned_.load(base::memory_order_relaxed);
  do {
    if (head == closed()) {
      link_free(last, nullptr);
      while (first) {
        void* const next = next_free(first);
        settle(slab_space::of(first), -1);
        first = next;
      }
      return settle(-static_cast<std::int64_t>(count));
    }
    link_free(last, head);
    // Release: the last writes to a frame come before its memory is used again (collect acquires).
  } while (!returned_.compare_exchange_weak(head, first, base::memory_order_release,
                                            base::memory_order_relaxed));
}

void frame_core::close() noexcept {
  put_all(returned_.exchange(closed(), base::memory_order_acq_rel));
  std::int64_t in_use = abandon_all(exhausted_);
  for (auto& each : listed_)
    in_use += abandon_all(each);
  settle(in_use);
}

std::int64_t frame_core::abandon_all(slab_list& slabs) noexcept {
  std::int64_t in_use = 0;
  for (slab* each = slabs.first; each;) {
    slab& one = *each;
    each = each->next;
    const auto used = one.used.load(base::memory_order_relaxed);
    in_use += used;
    if (used == 0) {
      slab_space::give_back(one);
    } else {
      one.used.store(0, base::memory_order_relaxed);
      settle(one, used);
    }
  }
  return in_use;
}

// Acquire and release: who deletes or gives back does so after everybody else's last access.
void frame_core::settle(std::int64_t change) noexcept {
  if (orphans_.fetch_add(change, base::memory_order_acq_rel) + change == 0) delete this;
}

void frame_core::settle(slab& at, std::int32_t change) noexcept {
  if (at.orphans.fetch_add(change, base::memory_order_acq_rel) + change == 0)
    slab_space::give_back(at);
}

}  // namespace tacit::memory
