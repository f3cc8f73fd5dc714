#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tacit::http {

/// A stretch of a representation, never empty.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< Inclusive, as on the wire.

  [[nodiscard]] std::uint64_t length() const noexcept { return last - first + 1; }
  friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// What a Range field asks of a representation (RFC 9110 section 14.2).
///
/// Ranges that overlap, or lie closer together than the head of a part is long, are joined. So an
/// answer is never longer than the representation and the heads of its parts, whatever was asked.
class byte_ranges {
 public:
  /// Ranges that one request may name; a field with more is ignored, so that the answer is the
  /// whole. Programs that resume ask for one and viewers of documents for a handful; the bound is
  /// not measured.
  static constexpr std::size_t count_max = 16;

  /// The gap below which ranges are joined: the head of a part takes at least as much.
  static constexpr std::uint64_t gap_min = 80;

  enum class outcome {
    whole,         ///< There is no range to be honoured: the field is malformed, or of other units.
    some,          ///< ranges() holds at least one.
    unsatisfiable  ///< None of the ranges has a byte in the representation: 416.
  };

  /// Reads the value of a Range field, for a representation of `length` bytes.
  static byte_ranges parse(std::string_view field, std::uint64_t length) noexcept;

  [[nodiscard]] outcome result() const noexcept { return result_; }

  /// In the order asked for, except for those that were joined to an earlier one.
  [[nodiscard]] std::span<const byte_range> ranges() const noexcept {
    return {ranges_.data(), count_};
  }

 private:
  void add(byte_range wanted) noexcept;

  std::array<byte_range, count_max> ranges_{};
  std::size_t count_ = 0;
  outcome result_ = outcome::whole;
};

}  // namespace tacit::http
