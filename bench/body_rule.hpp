#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/expression.hpp"

namespace tacit::bench {

/// What is remembered of the body of an answer while it comes in: as little as its rule needs.
class body_digest {
 public:
  void begin(bool keeps_text) noexcept;
  void add(std::string_view part);

  /// As gzip and zlib compute it.
  [[nodiscard]] std::uint32_t crc32() const noexcept { return crc32_; }
  /// The first text_bytes_max bytes.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  static constexpr std::size_t text_bytes_max = 1 << 20;

 private:
  bool keeps_text_ = false;
  std::uint32_t crc32_ = 0;
  std::string text_;
};

/// What the body of an answer has to be: a checksum, a pattern that is found in it, or both.
struct body_rule {
  std::optional<std::uint32_t> crc32 = {};
  expression pattern = {};  ///< Looked for in the first megabyte, up to the first zero byte.

  [[nodiscard]] bool fits(const body_digest& body) const;
};

}  // namespace tacit::bench
