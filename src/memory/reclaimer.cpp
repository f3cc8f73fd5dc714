#include <tacit/memory/reclaimer.hpp>

#include <malloc.h>
#include <time.h>

#include <algorithm>

#include <tacit/base/atomic.hpp>
#include <tacit/memory/accounting.hpp>
#include <tacit/memory/arena.hpp>
#include <tacit/memory/buffer_pool.hpp>
#include <tacit/memory/frame_pool.hpp>

#include "memory/page_space.hpp"
#include "memory/sanitizer.hpp"
#include "memory/slab_space.hpp"

namespace tacit::memory {
namespace {

constexpr auto relaxed = base::memory_order_relaxed;
constexpr auto never = base::steady_time::max();

// Below, what it could give back is not worth its lock.
constexpr std::uint64_t allocated_bytes_before_trim = std::uint64_t{1} << 20;

// What the thread has had of a CPU: that it was not running meanwhile is not the slice's doing.
std::chrono::nanoseconds thread_time() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// How often something was done, and how long it took at most.
struct occasions {
  base::atomic<std::uint64_t> count{0};
  base::atomic<std::uint64_t> longest_ns{0};

  void add(std::chrono::nanoseconds duration) noexcept {
    const auto took = static_cast<std::uint64_t>(duration.count());
    count.fetch_add(1, relaxed);
    std::uint64_t longest = longest_ns.load(relaxed);
    while (took > longest && !longest_ns.compare_exchange_weak(longest, took, relaxed)) {
    }
  }
};

constinit base::atomic<std::uint64_t> returned_bytes{0};
constinit occasions slices;
constinit occasions heap_trims;
constinit occasions releases;

}  // namespace

reclaim_statistics read_reclaim_statistics() noexcept {
  return {returned_bytes.load(relaxed),        slices.count.load(relaxed),
          slices.longest_ns.load(relaxed),     heap_trims.count.load(relaxed),
          heap_trims.longest_ns.load(relaxed), releases.count.load(relaxed),
          releases.longest_ns.load(relaxed)};
}

std::size_t idle_bytes() noexcept {
  return slab_space::read_statistics().idle_bytes + page_space::read_statistics().kept_bytes;
}

base::steady_time reclaimer::step(base::steady_time now, bool is_quiet) noexcept {
  if (now < next_) return next_;
  next_ = slice(now, delay_);
  if (next_ != never) return next_;
  const bool owes = owes_heap_trim();
  if (owes && is_quiet && now - heap_trimmed_at_ >= delay_) trim_heap(now);
  // Who gives memory back need not tell: what comes meanwhile is to stay for the delay anyway.
  const bool has_nothing = !owes && idle_bytes() == 0;
  return next_ = now + (has_nothing ? std::max<std::chrono::nanoseconds>(delay_, look_interval)
                                    : look_interval);
}

base::steady_time reclaimer::hurry(base::steady_time now) noexcept {
  next_ = slice(now, std::chrono::nanoseconds(0));
  if (now - heap_trimmed_at_ >= look_interval && owes_heap_trim()) trim_heap(now);
  return next_ = next_ == never ? now + look_interval : now + slice_interval_in_hurry;
}

// The end of time if there was nothing to return.
base::steady_time reclaimer::slice(base::steady_time now, std::chrono::nanoseconds delay) noexcept {
  const auto began = thread_time();
  std::size_t bytes = page_space::trim(now - delay, slice_bytes);
  if (bytes < slice_bytes) bytes += slab_space::trim(now - delay, slice_bytes - bytes);
  if (bytes == 0) return never;
  returned_bytes.fetch_add(bytes, relaxed);
  slices.add(thread_time() - began);
  return now + slice_interval;
}

// Where allocations are not counted, there may always be something.
bool reclaimer::owes_heap_trim() const noexcept {
  const std::uint64_t allocated = process_allocations().allocated_bytes;
  return allocated == 0 || allocated - allocated_then_ >= allocated_bytes_before_trim;
}

void reclaimer::trim_heap(base::steady_time now) noexcept {
  const base::steady_time began = std::chrono::steady_clock::now();
  heap_trimmed_at_ = now;
  allocated_then_ = process_allocations().allocated_bytes;
#ifndef TACIT_ADDRESS_SANITIZER
  malloc_trim(0);
#endif
  // By the clock: as long as its lock was held.
  heap_trims.add(std::chrono::steady_clock::now() - began);
}

void release_kept_memory() noexcept {
  const auto began = thread_time();
  buffer_pool::release_kept();
  arena::release_kept();
  frame_pool::release_kept();
  releases.add(thread_time() - began);
}

}  // namespace tacit::memory
