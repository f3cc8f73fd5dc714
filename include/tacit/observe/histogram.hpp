#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tacit::observe {

/// A high dynamic range histogram: counts of non-negative integers (here mostly nanoseconds) with a
/// bounded relative error over the whole range, in constant memory.
///
/// Values are counted in buckets that double in width; each is split into sub-buckets such that two
/// values in one slot differ by less than 10^-significant_digits of their size. Merging adds counts
/// slot by slot and so loses nothing. Values above the highest trackable one are counted in the
/// last slot and, beside it, in saturated(). The layout is that of HdrHistogram (Gil Tene), so
/// files in its encodings can be written from it.
///
/// Threads:  one writer; reading while it writes is a race. Each thread records into its own and
/// the
///           owner merges them afterwards.
/// Memory:   about 270 KB for 1 ns to 1 h at 3 digits, allocated by the constructor only.
class histogram {
 public:
  /// Tracks values from 0 to at least `highest`, keeping `significant_digits` (1 to 4) digits.
  explicit histogram(std::uint64_t highest = 3'600'000'000'000, int significant_digits = 3);

  /// Counts `value` `count` times. Allocates nothing; costs a few nanoseconds.
  void record(std::uint64_t value, std::uint64_t count = 1) noexcept;

  /// Adds the counts of `other`, which must have the same range and digits.
  void merge(const histogram& other) noexcept;

  void reset() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return total_; }
  [[nodiscard]] std::uint64_t saturated() const noexcept { return saturated_; }
  [[nodiscard]] std::uint64_t min() const noexcept;  ///< Exact; 0 when empty.
  [[nodiscard]] std::uint64_t max() const noexcept;  ///< Exact; 0 when empty.
  [[nodiscard]] double mean() const noexcept;        ///< Exact (kept as a sum); 0 when empty.

  /// The smallest recorded value, up to the histogram's resolution, that at least `percentile`
  /// percent (0 to 100) of the recorded values do not exceed. Never above max(). 0 when empty.
  [[nodiscard]] std::uint64_t at_percentile(double percentile) const noexcept;

  /// How many recorded values are at most `value`, up to the histogram's resolution.
  [[nodiscard]] std::uint64_t count_at_or_below(std::uint64_t value) const noexcept;

  /// The counts, slot by slot from the lowest values up, for those who write them to a file.
  [[nodiscard]] std::span<const std::uint64_t> slots() const noexcept { return counts_; }
  [[nodiscard]] std::size_t slot_of(std::uint64_t value) const noexcept;
  [[nodiscard]] std::uint64_t lowest_in_slot(std::size_t slot) const noexcept;
  [[nodiscard]] std::uint64_t highest_in_slot(std::size_t slot) const noexcept;
  [[nodiscard]] std::uint64_t highest_trackable() const noexcept { return highest_; }
  [[nodiscard]] int significant_digits() const noexcept { return significant_digits_; }

 private:
  // A sum of 2^64 values of 2^64 each does not overflow it.
  __extension__ using wide_sum = unsigned __int128;

  int significant_digits_;
  int half_magnitude_;     // log2 of half the sub-buckets of one bucket
  std::uint64_t highest_;  // of the last slot
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t saturated_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
  wide_sum sum_ = 0;
};

}  // namespace tacit::observe
