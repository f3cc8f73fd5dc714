#include <tacit/observe/histogram_log.hpp>

#include <zlib.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <ctime>

// The layout, all numbers big-endian (HdrHistogram, AbstractHistogram.java):
//
//   compressed   u32 cookie 0x1c849314, u32 bytes that follow, a zlib stream of
//   plain        u32 cookie 0x1c849313, u32 bytes of counts, u32 offset of the first slot (0),
//                u32 digits, u64 lowest and highest trackable value, f64 ratio to doubles, counts
//   counts       signed LEB128 numbers, ZigZag-folded, at most 9 bytes; negative: so many slots of
//   0

namespace tacit::observe {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t cookie_compressed = 0x1c849314;
constexpr std::uint32_t cookie_plain = 0x1c849313;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
}

/// Seven bits a byte, and all eight in the ninth.
void put_count(std::string& out, std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  for (int byte = 1; byte < 9; ++byte) {
    if (rest < 0x80) break;
    out += static_cast<char>((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  out += static_cast<char>(rest);
}

std::string counts_of(const histogram& from) {
  std::string out;
  auto slots = from.slots();
  while (!slots.empty() && slots.back() == 0)
    slots = slots.first(slots.size() - 1);
  for (std::size_t at = 0; at < slots.size();) {
    std::int64_t zeros = 0;
    for (; slots[at] == 0; ++at)
      ++zeros;
    // A single empty slot is written as the count that it is.
    if (zeros > 0) put_count(out, zeros == 1 ? 0 : -zeros);
    put_count(out, static_cast<std::int64_t>(slots[at++]));
  }
  return out;
}

std::string deflated(const std::string& plain) {
  auto bytes = ::compressBound(plain.size());
  std::string out(bytes, '\0');
  // Cannot fail: the bound is kept and the arguments are fixed.
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &bytes,
              reinterpret_cast<const Bytef*>(plain.data()), plain.size(), Z_BEST_COMPRESSION);
  out.resize(bytes);
  return out;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0);
    for (std::size_t i = 0; i < 4; ++i)
      out += i <= group.size() ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

std::string encode_histogram(const histogram& from) {
  const auto counts = counts_of(from);
  std::string plain;
  put(plain, cookie_plain, 4);
  put(plain, counts.size(), 4);
  put(plain, 0, 4);
  put(plain, static_cast<std::uint64_t>(from.significant_digits()), 4);
  put(plain, 1, 8);
  put(plain, from.highest_trackable(), 8);
  put(plain, std::bit_cast<std::uint64_t>(1.0), 8);
  const auto packed = deflated(plain + counts);
  std::string out;
  put(out, cookie_compressed, 4);
  put(out, packed.size(), 4);
  return to_base64(out + packed);
}

std::string histogram_log_head(double start_unix_s) {
  const auto whole = static_cast<std::time_t>(start_unix_s);
  std::tm fields{};
  ::gmtime_r(&whole, &fields);
  std::array<char, 40> date{};
  std::strftime(date.data(), date.size(), "%a %b %d %H:%M:%S UTC %Y", &fields);
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(),
                "#[Histogram log format version 1.3]\n"
                "#[StartTime: %.3f (seconds since epoch), %s]\n"
                "#[BaseTime: %.3f (seconds since epoch)]\n"
                "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                "\"Interval_Compressed_Histogram\"\n",
                start_unix_s, date.data(), start_unix_s);
  return text.data();
}

std::string histogram_log_line(std::string_view tag, double start_s, double length_s,
                               const histogram& values) {
  std::array<char, 100> times{};
  std::snprintf(times.data(), times.size(), "%.3f,%.3f,%.3f,", start_s, length_s,
                static_cast<double>(values.max()) / 1e6);
  std::string line;
  if (!tag.empty()) line.append("Tag=").append(tag).append(",");
  return line + times.data() + encode_histogram(values) + "\n";
}

}  // namespace tacit::observe
