// Whoever lists the frames of a shard has a cursor in its list: a node that is no frame, which
// moves behind one frame after the other. So the lock is held for one visit at a time, and frames
// may come and go meanwhile.

#include "memory/heap_frames.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <new>

#include <tacit/base/atomic.hpp>

namespace tacit::memory::heap_frames {
namespace {

struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) node {
  node* next = nullptr;
  node* previous = nullptr;
  std::size_t bytes = 0;
  bool is_frame = false;
};

struct block {
  node link;
  frame_note note;
};

struct alignas(base::cache_line_bytes) shard {
  base::mutex lock;  // Guards the rest.
  node* first = nullptr;
  statistics counts;

  void insert_behind(node* place, node& added) noexcept {
    node*& link = place ? place->next : first;
    added.previous = place;
    added.next = link;
    if (link) link->previous = &added;
    link = &added;
  }
  void erase(node& removed) noexcept {
    (removed.previous ? removed.previous->next : first) = removed.next;
    if (removed.next) removed.next->previous = removed.previous;
  }
};

constinit std::array<shard, 16> shards;  // As many as keep a few workers apart. Not measured.

shard& shard_of(const block& one) noexcept {
  return shards[reinterpret_cast<std::uintptr_t>(&one) / 256 % shards.size()];
}

block& block_of(void* frame) noexcept {
  return *(static_cast<block*>(frame) - 1);
}

// False at the end of the list, where the cursor leaves it.
bool step(shard& in, node& cursor,
          const std::function<void(const void*, std::size_t, const frame_note&)>& visit) {
  const std::lock_guard guard(in.lock);
  node* const at = cursor.next;
  in.erase(cursor);
  if (!at) return false;
  in.insert_behind(at, cursor);
  if (!at->is_frame) return true;
  const auto& found = *reinterpret_cast<const block*>(at);
  visit(&found + 1, at->bytes, found.note);
  return true;
}

}  // namespace

void* allocate(std::size_t bytes) {
  auto* const made = new (::operator new(sizeof(block) + bytes)) block;
  made->link.bytes = bytes;
  made->link.is_frame = true;
  auto& in = shard_of(*made);
  const std::lock_guard guard(in.lock);
  in.insert_behind(nullptr, made->link);
  ++in.counts.frames;
  in.counts.bytes += bytes + sizeof(block);
  return made + 1;
}

void deallocate(void* frame) noexcept {
  auto& freed = block_of(frame);
  auto& in = shard_of(freed);
  {
    const std::lock_guard guard(in.lock);
    in.erase(freed.link);
    --in.counts.frames;
    in.counts.bytes -= freed.link.bytes + sizeof(block);
  }
  ::operator delete(&freed);
}

void for_each(const std::function<void(const void*, std::size_t, const frame_note&)>& visit) {
  for (auto& each : shards) {
    node cursor;
    {
      const std::lock_guard guard(each.lock);
      each.insert_behind(nullptr, cursor);
    }
    while (step(each, cursor, visit)) {
    }
  }
}

statistics read_statistics() noexcept {
  statistics sum;
  for (auto& each : shards) {
    const std::lock_guard guard(each.lock);
    sum.frames += each.counts.frames;
    sum.bytes += each.counts.bytes;
  }
  return sum;
}

}  // namespace tacit::memory::heap_frames
