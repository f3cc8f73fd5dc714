#include "http/text_index.hpp"

#include <bit>
#include <cstring>

namespace tacit::http {
namespace {

// Up to here comparing one after the other is faster than hashing.
constexpr std::size_t compared_max = 4;

std::uint64_t load(const char* from, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, bytes);
  return value;
}

// Eight bytes at a time, the last eight overlapping, since a copy of unknown length is slow. What
// is good of the result are its upper bits: each depends on all bytes.
std::uint64_t hash(std::string_view text) noexcept {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15U;
  const char* at = text.data();
  std::uint64_t value = text.size();
  if (text.size() < 8) {
    std::uint64_t few = 0;
    for (const char each : text)
      few = few << 8 | static_cast<unsigned char>(each);
    return (value ^ few) * factor;
  }
  const char* const last = at + text.size() - 8;
  for (; at < last; at += 8)
    value = std::rotl((value ^ load(at, 8)) * factor, 32);
  return (value ^ load(last, 8)) * factor;
}

}  // namespace

std::size_t text_index::place(std::string_view text) const noexcept {
  return static_cast<std::size_t>(hash(text) >> shift_);
}

std::uint32_t text_index::find(std::string_view text) const noexcept {
  if (slots_.empty()) {
    for (std::uint32_t i = 0; i < texts_.size(); ++i) {
      if (texts_[i] == text) return i;
    }
    return none;
  }
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = place(text); slots_[at] != none; at = (at + 1) & mask) {
    if (texts_[slots_[at]] == text) return slots_[at];
  }
  return none;
}

std::uint32_t text_index::add(std::string_view text) {
  if (const std::uint32_t known = find(text); known != none) return known;
  texts_.emplace_back(text);
  if (texts_.size() > compared_max) hash_all();
  return static_cast<std::uint32_t>(texts_.size() - 1);
}

// For each text anew: programs add hundreds of routes at most, and once.
void text_index::hash_all() {
  slots_.assign(std::bit_ceil(texts_.size() * 2), none);
  shift_ = 64 - std::countr_zero(slots_.size());
  for (std::uint32_t i = 0; i < texts_.size(); ++i) {
    std::size_t at = place(texts_[i]);
    while (slots_[at] != none)
      at = (at + 1) & (slots_.size() - 1);
    slots_[at] = i;
  }
}

}  // namespace tacit::http
