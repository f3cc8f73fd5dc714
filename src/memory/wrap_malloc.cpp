// The malloc family as the linker's --wrap option leads it here: count, then do as asked, and now
// and then look how long it took.
// In a target of its own, because a program must choose it: the wrapping holds for the whole
// program.
//
// operator new is replaced as well: in a program that links libstdc++ dynamically, the library's
// own one would call malloc out of the linker's sight. Here it calls the wrapped malloc, so it
// counts once in both.

#include <cstddef>
#include <cstdlib>
#include <new>

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
void __real_free(void*);
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

template <class Real>
auto call(bool timed, Real real) {
  if (!timed) [[likely]]
    return real();
  const tacit::memory::detail::timed_call until_the_end;
  return real();
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void* __wrap_malloc(std::size_t bytes) {
  return call(tacit::memory::detail::count_allocation(bytes), [=] { return __real_malloc(bytes); });
}

void* __wrap_calloc(std::size_t count, std::size_t bytes) {
  return call(tacit::memory::detail::count_allocation(count * bytes),
              [=] { return __real_calloc(count, bytes); });
}

void* __wrap_realloc(void* old, std::size_t bytes) {
  return call(tacit::memory::detail::count_allocation(bytes),
              [=] { return __real_realloc(old, bytes); });
}

void* __wrap_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return call(tacit::memory::detail::count_allocation(bytes),
              [=] { return __real_aligned_alloc(alignment, bytes); });
}

void* __wrap_memalign(std::size_t alignment, std::size_t bytes) {
  return call(tacit::memory::detail::count_allocation(bytes),
              [=] { return __real_memalign(alignment, bytes); });
}

int __wrap_posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
  return call(tacit::memory::detail::count_allocation(bytes),
              [=] { return __real_posix_memalign(out, alignment, bytes); });
}

void __wrap_free(void* memory) {
  call(tacit::memory::detail::count_free(), [=] { __real_free(memory); });
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

// [new.delete.single]: call the new handler until memory is had or there is none.
template <class Allocate>
void* allocate_or_throw(Allocate allocate) {
  for (;;) {
    if (void* made = allocate()) return made;
    const std::new_handler handler = std::get_new_handler();
    if (!handler) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

// The other forms (arrays, sizes, nothrow) are specified to call these.
void* operator new(std::size_t bytes) {
  return allocate_or_throw([=] { return std::malloc(bytes != 0 ? bytes : 1); });
}

void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  // aligned_alloc wants a multiple of the alignment.
  return allocate_or_throw([=] {
    return std::aligned_alloc(step, (bytes + step - 1) / step * step + (bytes == 0) * step);
  });
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
