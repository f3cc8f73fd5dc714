#include "bench/formats/hdr_encoding.hpp"

#include <zlib.h>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <tacit/observe/histogram_log.hpp>

#include "bench/formats/base64.hpp"

// The layout is at the head of observe/histogram_log.cpp, which writes it.

namespace tacit::bench::formats {
namespace {

constexpr std::uint32_t cookie_compressed = 0x1c849314;
constexpr std::uint32_t cookie_plain = 0x1c849313;
constexpr std::size_t header_bytes = 40;
// The largest histogram there can be, 5 digits up to 2^63, has 6 million slots; what others write
// is a few kilobytes.
constexpr std::size_t plain_bytes_max = 16u << 20;

/// Empty when it is no zlib stream or becomes too large.
std::string inflated(std::string_view packed) {
  std::string out;
  for (std::size_t room = 64u << 10; room <= plain_bytes_max; room *= 4) {
    out.resize(room);
    auto bytes = static_cast<uLongf>(room);
    const int status = ::uncompress(reinterpret_cast<Bytef*>(out.data()), &bytes,
                                    reinterpret_cast<const Bytef*>(packed.data()), packed.size());
    if (status == Z_OK) {
      out.resize(bytes);
      return out;
    }
    if (status != Z_BUF_ERROR) break;
  }
  return {};
}

/// Takes numbers off the front of bytes. Reading behind the end gives zeros and is remembered.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : rest_{bytes} {}

  std::uint64_t number(int bytes) {
    std::uint64_t out = 0;
    while (bytes-- > 0)
      out = out << 8 | byte();
    return out;
  }

  std::int64_t count() {
    std::uint64_t out = 0;
    for (int shift = 0;; shift += 7) {
      const std::uint64_t next = byte();
      const bool is_ninth = shift == 56;
      out |= (is_ninth ? next : next & 0x7f) << shift;
      if (is_ninth || next < 0x80) break;
    }
    return static_cast<std::int64_t>(out >> 1 ^ (~(out & 1) + 1));
  }

  [[nodiscard]] bool is_short() const noexcept { return is_short_; }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::uint64_t byte() {
    if (rest_.empty()) {
      is_short_ = true;
      return 0;
    }
    const auto out = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return out;
  }

  std::string_view rest_;
  bool is_short_ = false;
};

struct slot_range {
  std::uint64_t lowest;
  std::uint64_t highest;
  std::uint64_t count;
};

/// What a file's slots mean: log2 of half the sub-buckets and of the smallest unit.
struct layout {
  int half_magnitude;
  int unit_magnitude;

  /// Whether the values of a slot fit below 2^63, as everywhere in HdrHistogram.
  [[nodiscard]] bool has(std::uint64_t slot) const noexcept {
    const auto bucket = static_cast<std::int64_t>(slot >> half_magnitude) - 1;
    return std::max<std::int64_t>(bucket, 0) + unit_magnitude + half_magnitude + 1 <= 63;
  }
  [[nodiscard]] slot_range range(std::uint64_t slot, std::uint64_t count) const noexcept {
    const auto bucket = static_cast<int>(slot >> half_magnitude) - 1;
    const auto half = std::uint64_t{1} << half_magnitude;
    const auto within = bucket < 0 ? slot : (slot & (half - 1)) + half;
    const int shift = std::max(bucket, 0) + unit_magnitude;
    return {within << shift, ((within + 1) << shift) - 1, count};
  }
};

const char* read_counts(byte_reader counts, const layout& slots, std::vector<slot_range>& into) {
  for (std::uint64_t slot = 0; !counts.empty();) {
    const auto count = counts.count();
    if (counts.is_short()) return "the counts are cut off";
    if (count <= 0) {
      slot += count == 0 ? 1 : ~static_cast<std::uint64_t>(count) + 1;
      if (slot > plain_bytes_max) return "the counts go beyond the range";
      continue;
    }
    if (!slots.has(slot)) return "the counts go beyond the range";
    into.push_back(slots.range(slot++, static_cast<std::uint64_t>(count)));
  }
  return nullptr;
}

void record_all(const std::vector<slot_range>& ranges, observe::histogram& into) {
  for (std::size_t at = 0; at < ranges.size(); ++at) {
    auto left = ranges[at].count;
    if (at + 1 == ranges.size()) {
      into.record(ranges[at].highest);
      --left;
    }
    if (at == 0 && left > 0) {
      into.record(ranges[at].lowest);
      --left;
    }
    into.record(ranges[at].lowest + (ranges[at].highest - ranges[at].lowest + 1) / 2, left);
  }
}

}  // namespace

std::string encode_hdr(const observe::histogram& from) {
  return observe::encode_histogram(from);
}

const char* decode_hdr(std::string_view base64, observe::histogram& into) {
  const auto packed = from_base64(base64);
  if (!packed) return "the histogram is not in base64";
  byte_reader outer{*packed};
  if (outer.number(4) != cookie_compressed) return "not a histogram in V2 compressed encoding";
  if (outer.number(4) != outer.rest().size()) return "the histogram is cut off";
  const auto plain = inflated(outer.rest());
  byte_reader header{plain};
  if (header.number(4) != cookie_plain || plain.size() < header_bytes) {
    return "the histogram is damaged";
  }
  const auto counts_bytes = header.number(4);
  const auto offset = header.number(4);
  const auto digits = header.number(4);
  const auto lowest = header.number(8);
  (void)header.number(16);  // the highest value and the ratio: nothing depends on them
  if (offset != 0) return "histograms with shifted slots are not read";
  if (digits > 5 || lowest == 0 || counts_bytes != header.rest().size()) {
    return "the histogram is damaged";
  }
  const auto resolution = static_cast<unsigned>(2 * std::pow(10.0, static_cast<double>(digits)));
  const layout slots{static_cast<int>(std::bit_width(resolution - 1)) - 1,
                     static_cast<int>(std::bit_width(lowest)) - 1};
  std::vector<slot_range> ranges;
  if (const char* wrong = read_counts(header, slots, ranges)) return wrong;
  record_all(ranges, into);
  return nullptr;
}

}  // namespace tacit::bench::formats
