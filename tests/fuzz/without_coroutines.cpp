// No target awaits anything, but a context has members that are coroutines. This stands in for what
// their frames need, so that the scheduler need not be built.

#include <cstdlib>

#include <tacit/memory/frame_pool.hpp>
#include <tacit/sched/promise.hpp>

namespace tacit {

void* memory::frame_pool::allocate_slowly(std::size_t) {
  std::abort();
}
void memory::frame_pool::deallocate(void*) noexcept {
  std::abort();
}
bool sched::detail::ends_nested(const promise_base&) noexcept {
  std::abort();
}

}  // namespace tacit
