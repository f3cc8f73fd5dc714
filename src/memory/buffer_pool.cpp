#include <tacit/memory/buffer_pool.hpp>

#include <new>

#include "memory/page_space.hpp"

namespace tacit::memory {
namespace {

constinit thread_local buffer_pool* bound = nullptr;

}  // namespace

buffer::buffer(std::size_t bytes) : size_(bytes) {
  if (bytes == buffer_pool::block_bytes && bound && !bound->kept_.empty()) {
    data_ = bound->kept_.back();
    bound->kept_.pop_back();
  } else {
    // Of a thread without a pool, as all are in heap mode: an ordinary server's buffer.
    data_ = static_cast<char*>(bound ? page_space::allocate(bytes)
                                     : ::operator new(page_space::rounded(bytes)));
  }
}

buffer::~buffer() {
  if (!data_) return;
  if (size_ == buffer_pool::block_bytes && bound &&
      bound->kept_.size() < buffer_pool::kept_blocks_max) {
    bound->kept_.push_back(data_);
  } else {
    page_space::release(data_, size_);
  }
}

buffer_pool::~buffer_pool() {
  release_all();
}

void buffer_pool::release_all() noexcept {
  for (char* each : kept_)
    page_space::release(each, block_bytes);
  kept_.clear();
}

void buffer_pool::release_kept() noexcept {
  if (bound) bound->release_all();
}

buffer_pool::binding::binding(buffer_pool* pool) noexcept : previous_(std::exchange(bound, pool)) {}

buffer_pool::binding::~binding() {
  bound = previous_;
}

}  // namespace tacit::memory
