#include <tacit/memory/memory_budget.hpp>

#include <algorithm>
#include <utility>

namespace tacit::memory {
namespace {

constexpr auto relaxed = base::memory_order_relaxed;

// By this thread, in small pieces.
constinit thread_local std::uint64_t untold_bytes = 0;

constexpr std::uint64_t step_bytes_max = std::uint64_t{128} << 20;

}  // namespace

std::string_view to_string(memory_pressure value) noexcept {
  switch (value) {
    case memory_pressure::none:
      return "none";
    case memory_pressure::high:
      return "high";
    case memory_pressure::critical:
      break;
  }
  return "critical";
}

void memory_budget::set(std::uint64_t bytes) noexcept {
  bytes_.store(bytes, relaxed);
  if (bytes == 0) pressure_.store(memory_pressure::none, relaxed);
}

// A sixteenth of the budget: the distance between two levels.
std::uint64_t memory_budget::step() const noexcept {
  return std::min(bytes() / 16, step_bytes_max);
}

std::uint64_t memory_budget::high_from() const noexcept {
  return bytes() - 4 * step();
}

std::uint64_t memory_budget::critical_from() const noexcept {
  return bytes() - 2 * step();
}

void memory_budget::begin_reading() noexcept {
  taken_before_reading_ = taken_.load(relaxed);
}

void memory_budget::end_reading(std::uint64_t used_bytes) noexcept {
  used_.store(used_bytes, relaxed);
  counted_.store(taken_before_reading_, relaxed);
  if (bytes() == 0) return;
  const memory_pressure before = pressure();
  const std::uint64_t high_until = high_from() - (before == memory_pressure::none ? 0 : 2 * step());
  const std::uint64_t critical_until =
      critical_from() - (before == memory_pressure::critical ? step() : 0);
  memory_pressure now = memory_pressure::none;
  if (used_bytes >= critical_until) {
    now = memory_pressure::critical;
  } else if (used_bytes >= high_until) {
    now = memory_pressure::high;
  }
  pressure_.store(now, relaxed);
}

bool memory_budget::is_near() const noexcept {
  return bytes() != 0 && used_bytes() >= high_from() - 2 * step();
}

std::uint64_t memory_budget::estimated_bytes() const noexcept {
  // In this order: so what was taken is never less than what is counted of it.
  const std::uint64_t counted = counted_.load(relaxed);
  const std::uint64_t since = taken_.load(relaxed) - counted;
  return used_.load(relaxed) + since + promised_.load(relaxed);
}

std::chrono::milliseconds memory_budget::next_reading_in() const noexcept {
  const std::uint64_t reached = std::max(estimated_bytes(), used_bytes());
  const std::uint64_t left = critical_from() - std::min(critical_from(), reached);
  return std::chrono::milliseconds(std::clamp<std::uint64_t>(left / growth_bytes_per_ms, 1, 1'000));
}

bool memory_budget::begin(std::uint64_t more) noexcept {
  if (bytes() == 0) return true;
  if (pressure() != memory_pressure::none || estimated_bytes() + more > high_from()) return false;
  note_taken(more);
  return true;
}

bool memory_budget::take(std::uint64_t more) noexcept {
  if (bytes() == 0) return true;
  if (pressure() == memory_pressure::critical || estimated_bytes() + more > critical_from()) {
    return false;
  }
  note_taken(more);
  return true;
}

// Counted first, and looked at then: of two who come at once, one at least sees the other.
bool memory_budget::hold(std::uint64_t more) noexcept {
  promised_.fetch_add(more, relaxed);
  if (bytes() == 0) return true;
  if (pressure() != memory_pressure::critical && estimated_bytes() <= critical_from()) return true;
  promised_.fetch_sub(more, relaxed);
  return false;
}

void memory_budget::settle(std::uint64_t held_bytes) noexcept {
  note_taken(held_bytes);  // First: it is in the estimate at every moment.
  promised_.fetch_sub(held_bytes, relaxed);
}

bool memory_budget::promise(std::uint64_t more) noexcept {
  if (pressure() != memory_pressure::none) return false;
  promised_.fetch_add(more, relaxed);
  if (estimated_bytes() <= high_from()) return true;
  promised_.fetch_sub(more, relaxed);
  return false;
}

bool memory_claim::begin(memory_budget* of, std::uint64_t bytes) noexcept {
  if (!of || of->bytes() == 0) return true;
  if (!of->promise(bytes)) return false;
  of_ = of;
  left_ = bytes;
  return true;
}

void memory_claim::came(std::uint64_t bytes) noexcept {
  if (!of_) return;
  const std::uint64_t some = std::min(bytes, left_);
  left_ -= some;
  of_->settle(some);
}

void* budgeted_heap::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (of_ && bytes >= asked_for_bytes) {
    if (!of_->take(bytes)) throw out_of_budget();
  } else if (of_) {
    untold_bytes += bytes;
    if (untold_bytes >= memory_budget::large_bytes) {
      of_->note_taken(std::exchange(untold_bytes, 0));
    }
  }
  return std::pmr::new_delete_resource()->allocate(bytes, alignment);
}

void memory_claim::end() noexcept {
  if (of_) of_->promised_.fetch_sub(left_, relaxed);
}

}  // namespace tacit::memory
