// The malloc family as the linker's --wrap option leads it here: count, then do as asked.
// In a target of its own, because a program must choose it: the wrapping holds for the whole program.

#include <cerrno>
#include <cstddef>

#include <tacit/memory/accounting.hpp>

// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void* __real_malloc(std::size_t);
void* __real_calloc(std::size_t, std::size_t);
void* __real_realloc(void*, std::size_t);
void* __real_aligned_alloc(std::size_t, std::size_t);
void* __real_memalign(std::size_t, std::size_t);
int __real_posix_memalign(void**, std::size_t, std::size_t);

void* __wrap_malloc(std::size_t bytes) {
  tacit::memory::detail::count_allocation(bytes);
  return __real_malloc(bytes);
}

void* __wrap_calloc(std::size_t count, std::size_t bytes) {
  tacit::memory::detail::count_allocation(count * bytes);
  return __real_calloc(count, bytes);
}

void* __wrap_realloc(void* old, std::size_t bytes) {
  tacit::memory::detail::count_allocation(bytes);
  return __real_realloc(old, bytes);
}

void* __wrap_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  tacit::memory::detail::count_allocation(bytes);
  return __real_aligned_alloc(alignment, bytes);
}

void* __wrap_memalign(std::size_t alignment, std::size_t bytes) {
  tacit::memory::detail::count_allocation(bytes);
  return __real_memalign(alignment, bytes);
}

int __wrap_posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
  tacit::memory::detail::count_allocation(bytes);
  return __real_posix_memalign(out, alignment, bytes);
}
}
// NOLINTEND(bugprone-reserved-identifier)
