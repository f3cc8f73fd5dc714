#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <tacit/memory/buffer_pool.hpp>

namespace tacit::http {

/// The bytes that one peer has sent and that are not dealt with yet, in one block:
///
///     [ consumed | message: head, then body as far as it came | unparsed ]
///                ^ message                                    ^ parsed   ^ end
///
/// Views of a request point into its message, so that does not move until it is answered. Body
/// bytes behind the head that have been taken make room for more.
class inbox {
 public:
  /// Precondition: holds_block().
  [[nodiscard]] std::span<char> room() const noexcept {
    return {block_.data() + end_, block_.size() - end_};
  }
  void received(std::size_t bytes) noexcept { end_ += bytes; }

  [[nodiscard]] std::string_view unparsed() const noexcept {
    return {block_.data() + parsed_, end_ - parsed_};
  }
  [[nodiscard]] bool has_unparsed() const noexcept { return parsed_ < end_; }
  void parsed(std::size_t bytes) noexcept { parsed_ += bytes; }

  /// What is unparsed is the beginning of the next message.
  void begin_message() noexcept {
    message_ = parsed_;
    head_end_ = 0;
  }
  void end_head() noexcept { head_end_ = parsed_; }

  /// The message has been answered: what is unparsed comes next. Nothing moves.
  void end_message() noexcept {
    message_ = parsed_;
    head_end_ = 0;
  }

  [[nodiscard]] bool has_head() const noexcept { return head_end_ != 0; }
  [[nodiscard]] bool has_only_head() const noexcept { return head_end_ == end_; }
  [[nodiscard]] std::size_t head_bytes() const noexcept { return head_end_ - message_; }
  /// As far as it came.
  [[nodiscard]] std::string_view message() const noexcept {
    return {block_.data() + message_, end_ - message_};
  }
  [[nodiscard]] bool message_is_at_front() const noexcept { return message_ == 0; }

  /// Takes a block of at least `bytes`, if there is none, or the one there is smaller: then what is
  /// unparsed moves to the front of the new one. Precondition: no message is there.
  void ensure_block(std::size_t bytes);

  /// Gives the block away. Precondition: nothing is in it.
  void release() noexcept {
    block_ = memory::buffer();
    message_ = parsed_ = head_end_ = end_ = 0;
  }

  /// Takes a block with `bytes` that came. Precondition: no block is there.
  void adopt(memory::buffer block, std::size_t bytes) noexcept {
    block_ = std::move(block);
    end_ = bytes;
  }

  [[nodiscard]] std::size_t block_bytes() const noexcept { return block_.size(); }

  /// Between messages: what is unparsed moves to the front.
  void compact() noexcept;

  /// Moves the message to the front, where it counts as unparsed.
  void restart_at_front() noexcept;

  /// What is unparsed moves right behind the head. False if there is no room even so.
  bool make_room_behind_head() noexcept;

  /// One past the last byte of the block.
  [[nodiscard]] const char* block_end() const noexcept { return block_.data() + block_.size(); }

 private:
  memory::buffer block_;
  std::size_t message_ = 0;
  std::size_t head_end_ = 0;  // Where the body starts; 0 before the head is complete.
  std::size_t parsed_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tacit::http
