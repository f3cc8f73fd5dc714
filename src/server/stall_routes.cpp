#include "server/stall_routes.hpp"

#include <chrono>
#include <memory>
#include <thread>

#include <tacit/memory/accounting.hpp>

namespace tacit::server {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t stall_ms_max = 10'000;
constexpr std::size_t timed_allocation_bytes = 64 * 1024;

// A capture of the stack ends a sleep early.
void block_thread(milliseconds length) {
  const auto end = std::chrono::steady_clock::now() + length;
  while (std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_until(end);
}

void allocate_slowly(milliseconds length) {
  memory::plant_slow_allocation(length);
  // volatile: an allocation that nobody looks at may be left out.
  const std::unique_ptr<volatile char[]> block(new volatile char[timed_allocation_bytes]);
  block[0] = 0;
}

}  // namespace

void answer_stall(const debug_view& view, http::context& c) {
  const auto asked = [&c](std::string_view name) -> std::optional<milliseconds> {
    const auto ms = c.query_number(name);
    if (!ms || *ms > stall_ms_max) return std::nullopt;
    return milliseconds(*ms);
  };
  if (const auto of_worker = asked("worker_ms")) {
    block_thread(*of_worker);
  } else if (const auto in_allocator = asked("allocator_ms")) {
    if (!memory::is_counting()) return c.problem(501, "this build does not count allocations");
    allocate_slowly(*in_allocator);
  } else if (const auto at_lock = asked("lock_ms")) {
    auto* const scheduler = view.running ? view.running->scheduler() : nullptr;
    if (!scheduler) return c.problem(501, "there is no scheduler in thread mode");
    scheduler->plant_lock_pause(*at_lock);
  } else {
    return c.problem(400, "expected ?worker_ms=N, ?allocator_ms=N or ?lock_ms=N, N up to 10000");
  }
  c.text("stalled\n");
}

}  // namespace tacit::server
