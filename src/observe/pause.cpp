#include <tacit/observe/pause.hpp>

#include <array>

#include "observe/pause_watch.hpp"

namespace tacit::observe {
namespace {

using std::chrono::microseconds;

struct cause_description {
  std::string_view name;
  microseconds bound;
};

// A handler may compute for a while. The runtime may not.
constexpr std::array<cause_description, pause_causes> causes{{
    {"scheduled_out", microseconds(50)},
    {"kernel_memory", microseconds(50)},
    {"allocator", microseconds(20)},
    {"lock", microseconds(20)},
    {"handler", microseconds(100)},
    {"runtime", microseconds(20)},
}};

}  // namespace

std::string_view to_string(pause_cause cause) noexcept {
  return causes[static_cast<std::size_t>(cause)].name;
}

std::chrono::nanoseconds pause_bound(pause_cause cause) noexcept {
  return causes[static_cast<std::size_t>(cause)].bound;
}

void note_pause(pause_cause cause, base::steady_time begin, base::steady_time end) noexcept {
  if (end - begin < pause_bound(cause)) return;
  if (pause_watch* here = pause_watch::of_this_thread()) here->charge(cause, begin, end);
}

void note_wake_up() noexcept {
  pause_watch* const here = pause_watch::of_this_thread();
  if (here) here->end_wait(std::chrono::steady_clock::now(), std::nullopt, 0);
}

}  // namespace tacit::observe
