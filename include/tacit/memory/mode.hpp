#pragma once

#include <optional>
#include <string_view>

#include <tacit/memory/buffer_pool.hpp>
#include <tacit/memory/frame_pool.hpp>

namespace tacit::memory {

/// Where the objects of a request come from.
enum class mode {
  arena,  ///< A per-connection arena, pooled coroutine frames, pooled buffers.
  heap,   ///< The general allocator, as in an ordinary server.
};

[[nodiscard]] constexpr std::string_view to_string(mode value) noexcept {
  return value == mode::arena ? "arena" : "heap";
}

namespace detail {

struct bound_pools {
  frame_pool frames;
  buffer_pool buffers;
  frame_pool::binding bind_frames{&frames};
  buffer_pool::binding bind_buffers{&buffers};
};

}  // namespace detail

/// The pools of one thread that runs coroutines, bound to it while this object lives. In heap mode
/// nothing is bound and everything comes from the general allocator.
class thread_pools {
 public:
  explicit thread_pools(mode which) {
    if (which == mode::arena) pools_.emplace();
  }

 private:
  std::optional<detail::bound_pools> pools_;
};

}  // namespace tacit::memory
