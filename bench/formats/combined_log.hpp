#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tacit/base/combined_log.hpp>
#include <vector>

#include "bench/formats/rejections.hpp"

namespace tacit::bench::formats {

/// An access log in combined (or common) format, in the order of its times.
struct combined_log {
  std::unique_ptr<const std::string> text;  ///< What the records point into.
  /// Sorted by time; lines of the same second stay in the order of the file.
  std::vector<base::combined_log_line> records;
  rejections rejected;
};

/// Why a well-formed line still cannot be replayed, or nullptr.
[[nodiscard]] const char* not_replayable(const base::combined_log_line& line);

/// Reads a whole log. Throws base::failure when the file cannot be read or holds no request.
[[nodiscard]] combined_log read_combined_log(const std::string& path);

/// As read_combined_log, from memory; `name` stands for the file in messages.
[[nodiscard]] combined_log parse_combined_log_text(std::string text, const std::string& name);

/// When each record is due, in nanoseconds after the first, not descending.
///
/// The log knows whole seconds only. The n lines of one second get n sorted uniform draws from that
/// second; the draws are a function of `seed` and of the second, so the same log and seed give the
/// same times.
[[nodiscard]] std::vector<std::int64_t> spread_times(
    const std::vector<base::combined_log_line>& records, std::uint64_t seed);

/// The time after which a repetition of the log begins: from its first second to the end of its
/// last, but at least until its last request.
[[nodiscard]] std::int64_t period_ns(const std::vector<base::combined_log_line>& records);

}  // namespace tacit::bench::formats
