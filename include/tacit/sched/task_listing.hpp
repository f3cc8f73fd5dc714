#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tacit/base/source_place.hpp>

namespace tacit::sched {

enum class task_state {
  created,   ///< Not started.
  ready,     ///< In a queue.
  running,   ///< On a worker. Also one that has ended and whose handle is still held.
  awaiting,  ///< For another coroutine, which is listed too.
  waiting,   ///< For what `waits_on` says.
};

[[nodiscard]] std::string_view to_string(task_state state) noexcept;

/// What is known of one live coroutine. Texts are static.
struct task_info {
  const void* frame = nullptr;  ///< Tells coroutines apart while they live.
  std::size_t frame_bytes = 0;  ///< Room for the frame; rounding up included.
  task_state state = task_state::created;
  base::source_place function;       ///< Its function_name() is the coroutine's; see short_name().
  base::source_place place;          ///< The co_await that it came to last; line 0 for none.
  const char* waits_on = nullptr;    ///< Null unless it is waiting.
  const void* awaits = nullptr;      ///< The frame that it awaits; null for none.
  const void* awaited_by = nullptr;  ///< The frame that awaits it; null for none.
  std::optional<std::chrono::nanoseconds> waited;  ///< For how long it has been waiting, if known.
  std::uint64_t request = 0;                       ///< The request that it serves; 0 for none.
  bool is_root = false;                            ///< It was spawned: then there is
  const char* name = nullptr;                      ///< the name that spawn() was given, or null,
  base::source_place spawned_at;                   ///< and where that was.
};

/// Coroutines of the same function in the same state at the same place.
struct similar_tasks {
  std::size_t count = 0;
  task_info first;  ///< One of them.
  /// The longest and the shortest wait among those of which it is known.
  std::optional<std::chrono::nanoseconds> longest, shortest;
};

/// What list_tasks() found.
struct task_listing {
  std::size_t total = 0;              ///< Live coroutines.
  std::vector<similar_tasks> groups;  ///< All of them, the largest group first.
  std::vector<task_info> tasks;       ///< Some of them.
};

/// Looks at every live coroutine of the process, and lists at most `tasks_max` one by one.
///
/// It reads what each coroutine has written in front of its frame, while they run on: no coroutine
/// and no worker waits for it, and what it gives is no snapshot of one moment. A coroutine that
/// lives throughout is in it once. Takes about 0.1 us per coroutine, so with very many of them it
/// belongs on a thread that may block.
///
/// Threads: any. Errors: bad_alloc.
[[nodiscard]] task_listing list_tasks(
    std::size_t tasks_max = std::numeric_limits<std::size_t>::max());

/// The name alone of what function_name() gives, without return type, parameters and template
/// arguments: "http::connection::serve".
[[nodiscard]] std::string short_name(std::string_view function_name);

/// The last part of a path.
[[nodiscard]] constexpr std::string_view file_of(const base::source_place& place) noexcept {
  const std::string_view path = place.file_name();
  return path.substr(path.rfind('/') + 1);
}

}  // namespace tacit::sched
