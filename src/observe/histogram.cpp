#include <tacit/observe/histogram.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

// Slots: values below 2 * half have one each. From there bucket b (1, 2, …) covers [half << b,
// 2 * half << b) with `half` slots of width 2^b, so the width is never above value / half.

namespace tacit::observe {
namespace {

int half_magnitude_for(int significant_digits) {
  assert(significant_digits >= 1 && significant_digits <= 4);
  const auto resolution = static_cast<unsigned>(2 * std::pow(10.0, significant_digits));
  return std::bit_width(resolution - 1) - 1;
}

}  // namespace

histogram::histogram(std::uint64_t highest, int significant_digits)
    : significant_digits_{significant_digits},
      half_magnitude_{half_magnitude_for(significant_digits)},
      highest_{highest} {
  counts_.resize(slot_of(highest) + 1);
  highest_ = highest_in_slot(counts_.size() - 1);
}

std::size_t histogram::slot_of(std::uint64_t value) const noexcept {
  const std::uint64_t exact_mask = (std::uint64_t{2} << half_magnitude_) - 1;
  const int bucket = std::bit_width(value | exact_mask) - (half_magnitude_ + 1);
  return (static_cast<std::size_t>(bucket) << half_magnitude_) + (value >> bucket);
}

std::uint64_t histogram::lowest_in_slot(std::size_t slot) const noexcept {
  return slot == 0 ? 0 : highest_in_slot(slot - 1) + 1;
}

std::uint64_t histogram::highest_in_slot(std::size_t slot) const noexcept {
  const std::size_t half = std::size_t{1} << half_magnitude_;
  if (slot < 2 * half) return slot;
  const std::size_t bucket = (slot >> half_magnitude_) - 1;
  return ((std::uint64_t{slot} - (bucket << half_magnitude_) + 1) << bucket) - 1;
}

void histogram::record(std::uint64_t value, std::uint64_t count) noexcept {
  if (count == 0) return;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  total_ += count;
  sum_ += static_cast<wide_sum>(value) * count;
  if (value > highest_) {
    saturated_ += count;
    counts_.back() += count;
  } else {
    counts_[slot_of(value)] += count;
  }
}

void histogram::merge(const histogram& other) noexcept {
  assert(half_magnitude_ == other.half_magnitude_ && counts_.size() == other.counts_.size());
  std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(),
                 std::plus<>{});
  total_ += other.total_;
  saturated_ += other.saturated_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

void histogram::reset() noexcept {
  std::fill(counts_.begin(), counts_.end(), 0);
  total_ = saturated_ = max_ = 0;
  min_ = ~std::uint64_t{0};
  sum_ = 0;
}

std::uint64_t histogram::min() const noexcept {
  return total_ == 0 ? 0 : min_;
}

std::uint64_t histogram::max() const noexcept {
  return max_;
}

double histogram::mean() const noexcept {
  return total_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(total_);
}

std::uint64_t histogram::at_percentile(double percentile) const noexcept {
  if (total_ == 0) return 0;
  // One step towards zero: 99.9 % of 1,000 shall ask for the 999th value whatever the rounding.
  const double share = std::nextafter(std::clamp(percentile, 0.0, 100.0), 0.0) / 100.0;
  const auto wanted = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_))), 1, total_);
  std::uint64_t seen = 0;
  for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
    seen += counts_[slot];
    if (seen >= wanted) return std::clamp(highest_in_slot(slot), min_, max_);
  }
  return max_;
}

std::uint64_t histogram::count_at_or_below(std::uint64_t value) const noexcept {
  if (value >= max_) return total_;
  const auto slots = static_cast<std::ptrdiff_t>(slot_of(std::min(value, highest_)) + 1);
  std::uint64_t seen = 0;
  std::for_each(counts_.begin(), counts_.begin() + slots, [&](auto count) { seen += count; });
  return seen;
}

}  // namespace tacit::observe
