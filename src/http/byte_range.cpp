#include <tacit/http/byte_range.hpp>

#include <algorithm>
#include <limits>
#include <optional>

#include <tacit/http/request.hpp>

#include "http/field_list.hpp"

namespace tacit::http {
namespace {

constexpr std::uint64_t number_max = std::numeric_limits<std::uint64_t>::max();

// Digits only. What is too large for the type is the largest: no representation reaches that far.
std::optional<std::uint64_t> to_number(std::string_view digits) noexcept {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (number_max - digit) / 10 ? number_max : 10 * value + digit;
  }
  return value;
}

// One element of the list: what it asks for, before the length is known.
struct spec {
  bool is_suffix = false;
  std::uint64_t first = 0;  // Of a suffix, its length.
  std::uint64_t last = number_max;
};

std::optional<spec> to_spec(std::string_view text) noexcept {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto before = to_number(text.substr(0, dash));
  const auto behind = to_number(text.substr(dash + 1));
  const bool is_open = dash + 1 == text.size();
  if (dash == 0) return behind ? std::optional(spec{true, *behind}) : std::nullopt;
  if (!before || (!behind && !is_open)) return std::nullopt;
  if (behind && *behind < *before) return std::nullopt;
  return spec{false, *before, behind.value_or(number_max)};
}

std::optional<byte_range> resolve(const spec& wanted, std::uint64_t length) noexcept {
  if (wanted.is_suffix) {
    if (wanted.first == 0 || length == 0) return std::nullopt;
    return byte_range{length - std::min(wanted.first, length), length - 1};
  }
  if (wanted.first >= length) return std::nullopt;
  return byte_range{wanted.first, std::min(wanted.last, length - 1)};
}

bool are_close(const byte_range& a, const byte_range& b) noexcept {
  const byte_range& left = a.first <= b.first ? a : b;
  const byte_range& right = a.first <= b.first ? b : a;
  return right.first <= left.last || right.first - left.last <= byte_ranges::gap_min;
}

}  // namespace

byte_ranges byte_ranges::parse(std::string_view field, std::uint64_t length) noexcept {
  const byte_ranges ignored;
  const auto equals = field.find('=');
  if (equals == std::string_view::npos) return ignored;
  if (!equals_ignoring_case(field.substr(0, equals), "bytes")) return ignored;

  byte_ranges found;
  std::size_t named = 0;
  field_list list(field.substr(equals + 1));
  while (const auto element = list.next()) {
    const auto wanted = to_spec(*element);
    if (!wanted || ++named > count_max) return ignored;
    // The end of nothing can be had, but a Content-Range has no words for it.
    if (length == 0 && wanted->is_suffix && wanted->first != 0) return ignored;
    if (const auto range = resolve(*wanted, length)) found.add(*range);
  }
  if (named == 0) return ignored;
  found.result_ = found.count_ == 0 ? outcome::unsatisfiable : outcome::some;
  return found;
}

// What was apart may be joined by the newcomer, so it is looked through again after each join.
void byte_ranges::add(byte_range wanted) noexcept {
  std::size_t place = count_;
  for (std::size_t i = 0; i < count_;) {
    if (i == place || !are_close(ranges_[i], wanted)) {
      ++i;
      continue;
    }
    wanted = {std::min(ranges_[i].first, wanted.first), std::max(ranges_[i].last, wanted.last)};
    const std::size_t kept = std::min(i, place);
    if (place < count_) {  // It was joined before: the later of the two places falls away.
      const auto gone = ranges_.begin() + static_cast<std::ptrdiff_t>(std::max(i, place));
      std::move(gone + 1, ranges_.begin() + static_cast<std::ptrdiff_t>(count_), gone);
      --count_;
    }
    place = kept;
    i = 0;
  }
  ranges_[place] = wanted;
  if (place == count_) ++count_;
}

}  // namespace tacit::http
