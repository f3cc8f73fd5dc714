#include "http/block_cache.hpp"

#include <new>

namespace tacit::http {

block_cache::~block_cache() {
  for (header* const each : kept_)
    ::operator delete(each);
}

void* block_cache::allocate(std::size_t bytes) noexcept {
  header** best = nullptr;
  for (header*& each : kept_) {
    if (!each || each->bytes < bytes || each->bytes > 2 * bytes) continue;
    if (!best || each->bytes < (*best)->bytes) best = &each;
  }
  if (best) {
    header* const found = *best;
    *best = nullptr;
    kept_bytes_ -= found->bytes;
    return found + 1;
  }
  auto* const fresh = static_cast<header*>(::operator new(sizeof(header) + bytes, std::nothrow));
  if (!fresh) return nullptr;
  fresh->bytes = bytes;
  return fresh + 1;
}

void block_cache::release(void* block) noexcept {
  if (!block) return;
  header* const freed = static_cast<header*>(block) - 1;
  for (header*& each : kept_) {
    if (each || kept_bytes_ + freed->bytes > kept_bytes_max) continue;
    each = freed;
    kept_bytes_ += freed->bytes;
    return;
  }
  ::operator delete(freed);
}

}  // namespace tacit::http
