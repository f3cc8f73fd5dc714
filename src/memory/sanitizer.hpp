#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define TACIT_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TACIT_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef TACIT_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

/// What AddressSanitizer has to be told of memory that does not come from malloc. Nothing
/// otherwise.
namespace tacit::memory {

/// From now on an access to these bytes is an error.
inline void forbid([[maybe_unused]] const void* begin,
                   [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef TACIT_ADDRESS_SANITIZER
  __asan_poison_memory_region(begin, bytes);
#endif
}

inline void permit([[maybe_unused]] const void* begin,
                   [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef TACIT_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(begin, bytes);
#endif
}

/// What is referred to from these bytes, as far as they are permitted, is not leaked.
inline void search_for_references([[maybe_unused]] const void* begin,
                                  [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef TACIT_ADDRESS_SANITIZER
  __lsan_register_root_region(begin, bytes);
#endif
}

}  // namespace tacit::memory
