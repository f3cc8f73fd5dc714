#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tacit/http/response.hpp>
#include <tacit/memory/buffer_pool.hpp>

namespace tacit::http {

/// Bytes that wait to be sent on one connection: the answers to a batch of requests, so that they
/// leave in one write. Holds memory only while it is not empty.
class output {
 public:
  /// Room for answers that are not sent yet; a batch is sent before it would be exceeded.
  static constexpr std::size_t capacity = memory::buffer_pool::block_bytes;

  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::string_view pending() const noexcept {
    return {buffer_.data() + begin_, end_ - begin_};
  }
  [[nodiscard]] std::size_t room() const noexcept {
    return (buffer_ ? buffer_.size() : capacity) - end_;
  }

  /// Makes room for `bytes`, in a larger block if need be.
  void ensure_room(std::size_t bytes);

  void append(std::string_view bytes) noexcept;  ///< Precondition: there is room.
  void append_number(std::uint64_t value, int base = 10) noexcept;

  /// What is sent leaves the front.
  void consume(std::size_t bytes) noexcept;

  /// Gives the memory back. Precondition: empty().
  void release() noexcept { buffer_ = memory::buffer(); }

 private:
  memory::buffer buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Whether and how the connection goes on after an answer (RFC 9112 section 9.3).
enum class persistence { implied, keep_alive, close };

/// How the peer knows where the body ends (RFC 9112 section 6.3).
struct body_end {
  enum class by { length, chunks, close } is = by::length;
  std::uint64_t length = 0;
};

/// Bytes that write_head needs at most.
[[nodiscard]] std::size_t head_bytes_max(const response& answer) noexcept;

/// Writes status line and fields. Precondition: room for head_bytes_max().
void write_head(output& out, const response& answer, persistence goes_on, body_end ends);

}  // namespace tacit::http
