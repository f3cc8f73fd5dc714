#include "http/inbox.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tacit::http {

void inbox::ensure_block(std::size_t bytes) {
  if (block_.size() >= std::max(memory::buffer_pool::block_bytes, bytes)) return;
  memory::buffer larger(std::max(memory::buffer_pool::block_bytes, bytes));
  if (end_ != parsed_) std::memcpy(larger.data(), block_.data() + parsed_, end_ - parsed_);
  end_ -= parsed_;
  message_ = parsed_ = head_end_ = 0;
  block_ = std::move(larger);
}

void inbox::compact() noexcept {
  if (parsed_ != 0 && parsed_ != end_) {
    std::memmove(block_.data(), block_.data() + parsed_, end_ - parsed_);
  }
  end_ -= parsed_;
  message_ = parsed_ = 0;
}

void inbox::restart_at_front() noexcept {
  std::memmove(block_.data(), block_.data() + message_, end_ - message_);
  end_ -= message_;
  message_ = parsed_ = head_end_ = 0;
}

bool inbox::make_room_behind_head() noexcept {
  if (head_end_ != parsed_) {
    std::memmove(block_.data() + head_end_, block_.data() + parsed_, end_ - parsed_);
    end_ -= parsed_ - head_end_;
    parsed_ = head_end_;
  }
  return end_ < block_.size();
}

}  // namespace tacit::http
