#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <tacit/base/error.hpp>
#include <tacit/http/context.hpp>

#include "http/response_writer.hpp"

namespace tacit::http {

/// The framing of an answer that is written piece by piece (RFC 9112 section 7.1).
class answer_stream {
 public:
  /// What begin_piece() and end_piece() write at most: a size and two line ends.
  static constexpr std::size_t frame_bytes_max = 16 + 4;

  [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }

  /// Writes the head.
  void begin(output& out, const context& c, std::optional<std::uint64_t> length,
             persistence goes_on);

  /// Whether `bytes` may be written now.
  [[nodiscard]] base::error_code admit(std::string_view bytes) noexcept;

  /// To HEAD, and with statuses that have no content.
  [[nodiscard]] bool sends_no_body() const noexcept { return sends_no_body_; }

  /// Around a piece of the body, which is not empty. Precondition: room for frame_bytes_max.
  void begin_piece(output& out, std::size_t bytes) const;
  void end_piece(output& out) const;

  /// Remembers that a write failed. Returns the error, which may be none.
  base::error_code note(base::error_code error) noexcept;

  /// The answer cannot come to a proper end any more. `why` is a static text.
  void fail(const char* why) noexcept {
    if (!why_) why_ = why;
  }

  /// Writes the end of the body, trailers included. Returns why it has none, or nullptr.
  [[nodiscard]] const char* end(output& out, const response& answer);

 private:
  bool has_begun_ = false;
  bool sends_no_body_ = false;
  body_end ends_;
  std::uint64_t left_ = 0;  // Of a length.
  base::error_code error_;
  const char* why_ = nullptr;
};

}  // namespace tacit::http
