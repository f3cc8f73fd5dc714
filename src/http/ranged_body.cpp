#include "http/ranged_body.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "http/content_range.hpp"

namespace tacit::http {
namespace {

// Fresh for each answer, so that nobody can prepare a file that contains it.
class boundary {
 public:
  boundary() noexcept {
    std::array<unsigned char, 16> chance{};
    // Fails only before the system has any randomness at all, long before a server runs.
    static_cast<void>(::getrandom(chance.data(), chance.size(), 0));
    for (std::size_t i = 0; i < chance.size(); ++i) {
      text_[2 * i] = "0123456789abcdef"[chance[i] >> 4];
      text_[2 * i + 1] = "0123456789abcdef"[chance[i] & 15];
    }
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 32> text_{};
};

}  // namespace

void ranged_body::set_single(const byte_range& range) {
  add_range(range);
}

void ranged_body::set_parts(std::span<const byte_range> ranges, std::uint64_t length,
                            std::string_view content_type) {
  const boundary mark;
  content_type_.append("multipart/byteranges; boundary=").append(mark.text());
  pieces_.reserve(2 * ranges.size() + 1);
  std::pmr::string head(text_.get_allocator());
  for (const byte_range& range : ranges) {
    head.assign(size_ == 0 ? "--" : "\r\n--").append(mark.text());
    if (!content_type.empty()) head.append("\r\nContent-Type: ").append(content_type);
    head.append("\r\nContent-Range: ").append(content_range(range, length).text());
    head.append("\r\n\r\n");
    add_text(head);
    add_range(range);
  }
  head.assign("\r\n--").append(mark.text()).append("--\r\n");
  add_text(head);
}

void ranged_body::add_text(std::string_view text) {
  pieces_.push_back({size_, text.size(), text_.size(), true});
  text_.append(text);
  size_ += text.size();
}

void ranged_body::add_range(const byte_range& range) {
  pieces_.push_back({size_, range.length(), range.first, false});
  size_ += range.length();
}

const ranged_body::piece& ranged_body::piece_at(std::uint64_t offset) const noexcept {
  return *std::prev(
      std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                       [](std::uint64_t at, const piece& each) { return at < each.begin; }));
}

std::string_view ranged_body::slice(std::uint64_t offset, std::uint64_t bytes_max) const noexcept {
  const piece& in = piece_at(offset);
  const std::uint64_t skipped = offset - in.begin;
  const std::uint64_t wanted = std::min(bytes_max, in.bytes - skipped);
  if (in.is_text) return std::string_view(text_).substr(in.at + skipped, wanted);
  return of_->slice(in.at + skipped, wanted);
}

std::optional<file_extent> ranged_body::extent(std::uint64_t offset,
                                               std::uint64_t bytes_max) const noexcept {
  const piece& in = piece_at(offset);
  if (in.is_text) return std::nullopt;
  const std::uint64_t skipped = offset - in.begin;
  return of_->extent(in.at + skipped, std::min(bytes_max, in.bytes - skipped));
}

}  // namespace tacit::http
