#pragma once

#include <cstdint>
#include <optional>
#include <tacit/base/source_place.hpp>

#include <tacit/base/atomic.hpp>

namespace tacit::memory {

struct frame_snapshot;

/// What is known of a coroutine, in front of its frame, so that live coroutines can be listed
/// without having been registered anywhere.
///
/// Who owns the frame writes, with relaxed stores, which cost what plain ones do. Texts are static:
/// a reader may follow them at any time. A note is only as consistent as `generation` says: it is
/// odd while the frame is live, and changes with each use of the memory.
///
/// A new frame's note is `created` and has no function, place, awaiter, request and root.
/// `waits_on` and `since` are those of an earlier frame until they are written. Memory that stays
/// without a function is not a coroutine's.
///
/// Threads:   written by whoever runs the coroutine; read by any.
/// Lifetime:  the memory outlives the frame; frame_pool::for_each_live() keeps it readable.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) frame_note {
  enum class state : std::uint32_t {
    created,  ///< Not started.
    ready,    ///< In a queue.
    running,  ///< On a worker, or awaiting another coroutine, which names it as awaited_by.
    waiting,  ///< For what waits_on says.
  };

  // Written by describe_root() only: apart from what every coroutine writes, and never cleared.
  base::atomic<const char*> name{nullptr};  ///< As given to spawn; null for none.
  base::atomic<base::source_place> spawned_at{};

  base::atomic<std::uint32_t> generation{0};
  base::atomic<state> now{state::created};
  base::atomic<base::source_place> function{};  ///< Its function_name() is the coroutine's.
  base::atomic<base::source_place> place{};     ///< The co_await that it came to last.
  base::atomic<const char*> waits_on{nullptr};
  base::atomic<std::int64_t> since{0};            ///< steady_clock ticks when it began to wait.
  base::atomic<const void*> awaited_by{nullptr};  ///< Frame of who awaits it; null for none.
  base::atomic<std::uint64_t> request{0};         ///< The request that it serves; 0 for none.
  /// The generation whose name and spawned_at are in this note.
  base::atomic<std::uint32_t> root_generation{0};

  /// A new frame has this memory: it is live, and nothing is known of it. What is not written here
  /// says nothing until the state or the root's generation is another one.
  void begin() noexcept;

  /// The frame is gone.
  void end() noexcept { turn(); }

  /// Says of a coroutine that it was spawned, by what name (null for none) and where.
  void describe_root(const char* as, base::source_place where) noexcept;

  /// What belongs together, or nothing if the frame is not live or ended meanwhile.
  [[nodiscard]] std::optional<frame_snapshot> read() const noexcept;

  [[nodiscard]] static frame_note& of(const void* frame) noexcept {
    return *(static_cast<frame_note*>(const_cast<void*>(frame)) - 1);
  }

 private:
  // The owner of the frame writes alone, so there is nothing to be lost between load and store.
  // Release costs nothing here. A reader that finds a frame live finds its note made ready.
  void turn() noexcept {
    const auto next = generation.load(base::memory_order_relaxed) + 1;
    generation.store(next, base::memory_order_release);
  }
};
static_assert(sizeof(frame_note) % __STDCPP_DEFAULT_NEW_ALIGNMENT__ == 0,
              "the frame behind it is aligned");

/// A note as it was while one coroutine had it. The fields are no older than the call; those that
/// the coroutine wrote meanwhile may be newer than others.
struct frame_snapshot {
  std::uint32_t generation = 0;
  frame_note::state now = frame_note::state::created;
  base::source_place function;
  base::source_place place;
  const char* waits_on = nullptr;
  std::int64_t since = 0;
  const void* awaited_by = nullptr;
  std::uint64_t request = 0;
  bool is_root = false;
  const char* name = nullptr;     ///< Null unless it is a root.
  base::source_place spawned_at;  ///< Empty unless it is a root.
};

/// Writes to a note. Only relaxed order is needed: a reader checks the generation.
template <class T>
void note(base::atomic<T>& field, T value) noexcept {
  field.store(value, base::memory_order_relaxed);
}

inline void frame_note::begin() noexcept {
  note<const void*>(awaited_by, nullptr);
  note(now, state::created);
  note(function, {});
  note(place, {});
  note<std::uint64_t>(request, 0);
  turn();
}

inline void frame_note::describe_root(const char* as, base::source_place where) noexcept {
  note(name, as);
  note(spawned_at, where);
  // Release: a reader that finds the generation finds what belongs to it.
  root_generation.store(generation.load(base::memory_order_relaxed), base::memory_order_release);
}

}  // namespace tacit::memory
