#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include <tacit/http/byte_range.hpp>

namespace tacit::http {

/// The value of a Content-Range field (RFC 9110 section 14.4).
class content_range {
 public:
  /// "bytes 0-499/1234"
  content_range(const byte_range& range, std::uint64_t length) noexcept {
    append("bytes ");
    append(range.first);
    append("-");
    append(range.last);
    append("/");
    append(length);
  }

  /// "bytes */1234": none of the ranges could be satisfied.
  explicit content_range(std::uint64_t length) noexcept {
    append("bytes */");
    append(length);
  }

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  void append(std::string_view piece) noexcept {
    size_ += piece.copy(text_.data() + size_, piece.size());
  }
  void append(std::uint64_t number) noexcept {
    const auto [end, ec] = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number);
    size_ = static_cast<std::size_t>(end - text_.data());
  }

  std::array<char, 6 + 3 * 20 + 2> text_{};  // Three numbers of up to 20 digits.
  std::size_t size_ = 0;
};

}  // namespace tacit::http
