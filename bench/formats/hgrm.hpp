#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tacit/observe/histogram.hpp>
#include <vector>

namespace tacit::bench::formats {

/// One line of a percentile distribution.
struct percentile_line {
  double value = 0;         ///< In the unit of the file; milliseconds in ours.
  double share = 0;         ///< 0 to 1.
  std::uint64_t count = 0;  ///< Values up to `value`.
};

/// A percentile distribution as other tools read it (`.hgrm`), and as they write it.
struct percentile_distribution {
  std::vector<percentile_line> lines;  ///< Ascending in each column.
  double max = 0;
  std::uint64_t count = 0;

  /// The value of the first line that reaches this percentile (0 to 100); 0 when there is none.
  [[nodiscard]] double at_percentile(double percentile) const noexcept;
};

/// The distribution of a histogram of nanoseconds, in milliseconds, five lines for each halving of
/// the distance to 100 %. Mean and deviation are those of the slots' middles: to the byte what
/// HdrHistogram's outputPercentileDistribution writes for the same counts.
[[nodiscard]] std::string to_hgrm(const observe::histogram& from);

/// Reads a `.hgrm` text; `name` stands for it in messages. Throws base::failure with the line that
/// is not part of one.
[[nodiscard]] percentile_distribution parse_hgrm(std::string_view text, const std::string& name);

}  // namespace tacit::bench::formats
