#include <tacit/sync/in_flight.hpp>

#include <cassert>
#include <mutex>

namespace tacit::sync::detail {

in_flight::~in_flight() {
  assert(word_.load(base::memory_order_relaxed) < one && line_.empty() &&
         "a gate or wait group outlives its entries and who waits for them");
}

void in_flight::add(std::uint64_t count) noexcept {
  word_.fetch_add(count * one, base::memory_order_relaxed);
}

void in_flight::subtract(std::uint64_t count) noexcept {
  // acq_rel: what all did comes before what those do who waited for it.
  const std::uint64_t before = word_.fetch_sub(count * one, base::memory_order_acq_rel);
  assert(before >= count * one && "more has ended than begun");
  if (before - count * one == waiting) wake_all();
}

bool in_flight::add_if_open() noexcept {
  std::uint64_t found = word_.load(base::memory_order_relaxed);
  do {
    if (!(found & open)) return false;
  } while (!word_.compare_exchange_weak(found, found + one, base::memory_order_acquire,
                                        base::memory_order_relaxed));
  return true;
}

void in_flight::close() noexcept {
  const std::uint64_t before = word_.fetch_and(~open, base::memory_order_acq_rel);
  if (before == (open | waiting)) wake_all();
}

bool in_flight::is_open() const noexcept {
  return word_.load(base::memory_order_acquire) & open;
}

std::uint64_t in_flight::count() const noexcept {
  return word_.load(base::memory_order_acquire) / one;
}

// Under lock_. False if it is over already.
bool in_flight::join_line(waiter& joining) noexcept {
  std::uint64_t found = word_.load(base::memory_order_acquire);
  do {
    if (found == 0) return false;
  } while (!word_.compare_exchange_weak(found, found | waiting, base::memory_order_acquire,
                                        base::memory_order_acquire));
  joining.enqueue(line_);
  return true;
}

void in_flight::wake_all() noexcept {
  granted_list granted;
  {
    const std::lock_guard lock(lock_);
    word_.fetch_and(~waiting, base::memory_order_relaxed);
    granted.add_all(line_);
  }
  granted.make_ready();
}

// True if it has to.
bool in_flight::over_awaiter::wait() noexcept {
  const std::lock_guard lock(what_.lock_);
  if (is_cancelled()) return false;
  if (what_.join_line(*this)) return true;
  accept();
  return false;
}

}  // namespace tacit::sync::detail
