#include <tacit/memory/object_pool.hpp>

namespace tacit::memory {
namespace {

constinit base::atomic<std::uint32_t> threads{0};

}  // namespace

// Not in the header: a coroutine that resumes on another thread must not find the variable of the
// thread that it left.
std::uint32_t detail::thread_number() noexcept {
  thread_local const std::uint32_t number = threads.fetch_add(1, base::memory_order_relaxed);
  return number;
}

}  // namespace tacit::memory
