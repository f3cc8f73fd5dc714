#include <tacit/memory/buffer_pool.hpp>

#include <new>

namespace tacit::memory {
namespace {

constinit thread_local buffer_pool* bound = nullptr;

}  // namespace

buffer::buffer(std::size_t bytes) : size_(bytes) {
  if (bytes == buffer_pool::block_bytes && bound && !bound->kept_.empty()) {
    data_ = bound->kept_.back();
    bound->kept_.pop_back();
  } else {
    data_ = static_cast<char*>(::operator new(bytes));
  }
}

buffer::~buffer() {
  if (!data_) return;
  if (size_ == buffer_pool::block_bytes && bound &&
      bound->kept_.size() < buffer_pool::kept_blocks_max) {
    bound->kept_.push_back(data_);
  } else {
    ::operator delete(data_);
  }
}

buffer_pool::~buffer_pool() {
  for (char* each : kept_)
    ::operator delete(each);
}

buffer_pool::binding::binding(buffer_pool* pool) noexcept : previous_(std::exchange(bound, pool)) {}

buffer_pool::binding::~binding() {
  bound = previous_;
}

}  // namespace tacit::memory
