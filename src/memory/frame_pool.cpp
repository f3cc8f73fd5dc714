#include <tacit/memory/frame_pool.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <tacit/base/atomic.hpp>

#include "memory/frame_core.hpp"
#include "memory/heap_frames.hpp"
#include "memory/sanitizer.hpp"
#include "memory/slab_space.hpp"

namespace tacit::memory {
namespace {

constinit thread_local frame_core* bound = nullptr;

// Linked frames of one pool that are to be sent home together.
struct batch {
  static constexpr std::uint32_t frames_max = 32;  // Not measured.

  frame_core* owner = nullptr;
  void* first = nullptr;
  void* last = nullptr;
  std::uint32_t count = 0;

  void add(void* frame) noexcept {
    link_free(frame, first);
    first = frame;
    if (!last) last = frame;
    ++count;
  }
  void send() noexcept {
    const batch gathered = std::exchange(*this, {});
    if (gathered.owner) gathered.owner->send_home(gathered.first, gathered.last, gathered.count);
  }
};

// By the owner's number, so that coroutines of a few workers do not send each other's batches
// early.
using batches = std::array<batch, 4>;
static_assert(batch::frames_max * std::tuple_size_v<batches> == frame_pool::strays_max);

batches& strays_of_this_thread() noexcept {
  constinit static thread_local batches gathered;
  return gathered;
}

// Apart from the usual case, so that this one needs no registers to be saved.
[[gnu::noinline]] void gather(frame_core& owner, void* frame) noexcept {
  // A thread without a pool never calls flush_strays, so it sends each frame at once.
  if (!bound) {
    link_free(frame, nullptr);
    return owner.send_home(frame, frame, 1);
  }
  auto& all = strays_of_this_thread();
  auto& to = all[owner.number() % all.size()];
  if (to.owner != &owner) to.send();
  to.owner = &owner;
  to.add(frame);
  if (to.count == batch::frames_max) to.send();
}

base::atomic<std::uint32_t> pools_made{0};

}  // namespace

constinit thread_local frame_heads* heads_of_this_thread = nullptr;

frame_pool::frame_pool()
    : core_(new frame_core(pools_made.fetch_add(1, base::memory_order_relaxed))) {}

frame_pool::~frame_pool() {
  core_->close();
}

frame_pool::binding::binding(frame_pool* pool) noexcept
    : previous_(std::exchange(bound, pool ? pool->core_ : nullptr)) {
  heads_of_this_thread = bound ? &bound->heads() : nullptr;
}

frame_pool::binding::~binding() {
  flush_strays();
  bound = previous_;
  heads_of_this_thread = bound ? &bound->heads() : nullptr;
}

void* frame_pool::allocate_slowly(std::size_t bytes) {
  void* frame = nullptr;
  if (bound && bytes <= largest_bytes) {
    free_frames*& head = bound->heads()[class_of(bytes)];
    frame = head->take();
    if (!frame && bound->refill(class_of(bytes))) frame = head->take();
  }
  if (frame) {
    permit(frame, bytes);
    frame_note::of(frame).begin();
    return frame;
  }
  frame = heap_frames::allocate(bytes);
  frame_note::of(frame).begin();
  return frame;
}

void frame_pool::deallocate(void* frame) noexcept {
  frame_note::of(frame).end();
  slab* const home = slab_space::find(frame);
  if (!home) [[unlikely]]
    return heap_frames::deallocate(frame);
  forbid(frame, block_sizes[home->size_class] - sizeof(frame_note));
  if (home->owner != bound) return gather(*home->owner, frame);
  home->owner->put(*home, frame);
}

void frame_pool::release_kept() noexcept {
  if (bound) bound->release_empty();
}

void frame_pool::flush_strays() noexcept {
  for (auto& each : strays_of_this_thread())
    each.send();
  if (bound) bound->collect();
}

void frame_pool::for_each_live(const visitor& visit) {
  const auto is_live = [](const frame_note& of) {
    return of.generation.load(base::memory_order_acquire) % 2 != 0;
  };
  slab_space::for_each([&](const slab& each) {
    const std::size_t bytes = block_sizes[each.size_class];
    const std::byte* at = slab_space::memory_of(each) + slab::first_block_at;
    for (auto left = each.carved.load(base::memory_order_acquire); left != 0; --left, at += bytes) {
      const auto& found = *reinterpret_cast<const frame_note*>(at);
      if (is_live(found)) visit(&found + 1, bytes - sizeof(frame_note), found);
    }
  });
  heap_frames::for_each(visit);
}

std::size_t frame_pool::trim(base::steady_time now, std::chrono::nanoseconds delay,
                             std::size_t bytes_max) noexcept {
  return slab_space::trim(now - delay, bytes_max);
}

frame_statistics frame_pool::statistics() noexcept {
  const auto slabs = slab_space::read_statistics();
  const auto heap = heap_frames::read_statistics();
  frame_statistics sum;
  sum.idle_bytes = slabs.idle_bytes;
  sum.returned_bytes = slabs.returned_bytes;
  sum.live_frames = sum.heap_frames = heap.frames;
  sum.live_bytes = heap.bytes;
  slab_space::for_each([&](const slab& each) {
    const auto count =
        each.used.load(base::memory_order_relaxed) + each.orphans.load(base::memory_order_relaxed);
    const auto live = static_cast<std::size_t>(std::max(0, count));
    sum.slab_bytes += slab::bytes;
    sum.live_frames += live;
    sum.live_bytes += live * block_sizes[each.size_class];
  });
  return sum;
}

}  // namespace tacit::memory
