// Counters live in the thread's own static storage, so that counting needs no allocation, no lock
// and no shared cache line. A thread enters a list with its first allocation and leaves it, adding
// its counts to the retired ones, in the destructor of a pthread key. The key is used instead of a
// C++ thread_local destructor because registering one of those allocates.

#include <tacit/memory/accounting.hpp>

#include <pthread.h>

#include <thread>
#include <utility>

#include <tacit/base/atomic.hpp>

namespace tacit::memory {
namespace {

// Written by its own thread only: a relaxed load and store is then a plain increment, and readers
// on other threads see a value that is at worst slightly old.
struct thread_counters {
  base::atomic<std::uint64_t> allocations{0};
  base::atomic<std::uint64_t> bytes{0};
  thread_counters* next = nullptr;      // Guarded by list_lock.
  thread_counters* previous = nullptr;  // Guarded by list_lock.
  bool listed = false;                  // Own thread only.
  std::uint32_t frees = 0;              // Own thread only, as what follows.
  std::chrono::nanoseconds planted{0};
};

constinit thread_local thread_counters own;

pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_once_t key_once = PTHREAD_ONCE_INIT;
pthread_key_t exit_key;
thread_counters* head = nullptr;  // Guarded by list_lock.
allocation_counts retired;        // Guarded by list_lock.

constexpr std::uint64_t timed_one_in = 16;
constexpr std::uint64_t always_timed_bytes = 16'384;

base::atomic<void (*)(base::steady_time, base::steady_time) noexcept> watcher{nullptr};

allocation_counts read(const thread_counters& counters) noexcept {
  return {counters.allocations.load(base::memory_order_relaxed),
          counters.bytes.load(base::memory_order_relaxed)};
}

void add(allocation_counts& sum, allocation_counts part) noexcept {
  sum.allocations += part.allocations;
  sum.allocated_bytes += part.allocated_bytes;
}

// Runs at thread exit. Should a later destructor of the same thread allocate, the thread is listed
// anew and pthread runs this once more; the counts start from zero so that none counts twice.
void retire(void* pointer) noexcept {
  auto* counters = static_cast<thread_counters*>(pointer);
  pthread_mutex_lock(&list_lock);
  add(retired, read(*counters));
  (counters->previous ? counters->previous->next : head) = counters->next;
  if (counters->next) counters->next->previous = counters->previous;
  counters->allocations.store(0, base::memory_order_relaxed);
  counters->bytes.store(0, base::memory_order_relaxed);
  pthread_mutex_unlock(&list_lock);
  counters->listed = false;
}

void list_thread() noexcept {
  own.listed = true;  // First: what is called below may allocate.
  pthread_once(&key_once, [] { pthread_key_create(&exit_key, retire); });
  pthread_setspecific(exit_key, &own);
  pthread_mutex_lock(&list_lock);
  own.previous = nullptr;
  own.next = head;
  if (head) head->previous = &own;
  head = &own;
  pthread_mutex_unlock(&list_lock);
}

void increase(base::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
  counter.store(counter.load(base::memory_order_relaxed) + by, base::memory_order_relaxed);
}

}  // namespace

bool detail::count_allocation(std::uint64_t bytes) noexcept {
  if (!own.listed) [[unlikely]]
    list_thread();
  increase(own.allocations, 1);
  increase(own.bytes, bytes);
  return bytes >= always_timed_bytes ||
         own.allocations.load(base::memory_order_relaxed) % timed_one_in == 0;
}

bool detail::count_free() noexcept {
  return ++own.frees % timed_one_in == 0;
}

void watch_allocations(void (*told)(base::steady_time, base::steady_time) noexcept) noexcept {
  watcher.store(told, base::memory_order_relaxed);
}

void plant_slow_allocation(std::chrono::nanoseconds length) noexcept {
  own.planted = length;
}

detail::timed_call::timed_call() noexcept : begin_(std::chrono::steady_clock::now()) {
  if (own.planted.count() == 0) [[likely]]
    return;
  const auto end = begin_ + std::exchange(own.planted, std::chrono::nanoseconds(0));
  while (std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_until(end);
}

detail::timed_call::~timed_call() {
  if (auto* const told = watcher.load(base::memory_order_relaxed)) {
    told(begin_, std::chrono::steady_clock::now());
  }
}

bool is_counting() noexcept {
  return process_allocations().allocations != 0;
}

allocation_counts thread_allocations() noexcept {
  return read(own);
}

allocation_counts process_allocations() noexcept {
  pthread_mutex_lock(&list_lock);
  allocation_counts sum = retired;
  for (const thread_counters* each = head; each; each = each->next)
    add(sum, read(*each));
  pthread_mutex_unlock(&list_lock);
  return sum;
}

}  // namespace tacit::memory
