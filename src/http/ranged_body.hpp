#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tacit/http/byte_range.hpp>
#include <tacit/http/response.hpp>

namespace tacit::http {

/// Ranges of another source: one as it is, or several as the parts of a multipart/byteranges body
/// (RFC 9110 section 14.6).
class ranged_body final : public body_source {
 public:
  ranged_body(std::shared_ptr<const body_source> of, std::pmr::memory_resource& memory)
      : of_(std::move(of)), text_(&memory), pieces_(&memory) {}

  void set_single(const byte_range& range);

  /// `length` is that of the whole representation. The boundary is one that bytes of it hardly
  /// contain: 128 bits by chance.
  void set_parts(std::span<const byte_range> ranges, std::uint64_t length,
                 std::string_view content_type);

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Of a body with parts.
  [[nodiscard]] std::string_view content_type() const noexcept { return content_type_; }

  [[nodiscard]] std::string_view slice(std::uint64_t offset,
                                       std::uint64_t bytes_max) const noexcept override;
  [[nodiscard]] std::optional<file_extent> extent(std::uint64_t offset,
                                                  std::uint64_t bytes_max) const noexcept override;

 private:
  struct piece {
    std::uint64_t begin;  // In this body.
    std::uint64_t bytes;
    std::uint64_t at;  // In text_, or in the source.
    bool is_text;
  };
  void add_text(std::string_view text);
  void add_range(const byte_range& range);
  [[nodiscard]] const piece& piece_at(std::uint64_t offset) const noexcept;

  std::shared_ptr<const body_source> of_;
  std::pmr::string text_;
  std::pmr::vector<piece> pieces_;
  std::pmr::string content_type_{text_.get_allocator()};
  std::uint64_t size_ = 0;
};

}  // namespace tacit::http
