#include <tacit/memory/frame_note.hpp>

namespace tacit::memory {
namespace {

// Acquire: what a later frame wrote here comes after the generation that ended this one, and the
// last look at the generation sees it.
template <class T>
T read_from(const base::atomic<T>& field) noexcept {
  return field.load(base::memory_order_acquire);
}

}  // namespace

std::optional<frame_snapshot> frame_note::read() const noexcept {
  frame_snapshot copy;
  copy.generation = read_from(generation);
  if (copy.generation % 2 == 0) return std::nullopt;
  copy.now = read_from(now);
  copy.function = read_from(function);
  copy.place = read_from(place);
  copy.waits_on = read_from(waits_on);
  copy.since = read_from(since);
  copy.awaited_by = read_from(awaited_by);
  copy.request = read_from(request);
  copy.is_root = read_from(root_generation) == copy.generation;
  if (copy.is_root) {
    copy.name = read_from(name);
    copy.spawned_at = read_from(spawned_at);
  }
  if (read_from(generation) != copy.generation) return std::nullopt;
  return copy;
}

}  // namespace tacit::memory
