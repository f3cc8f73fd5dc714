#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tacit/observe/histogram.hpp>

#include "bench/formats/rejections.hpp"

namespace tacit::bench::formats {

/// An interval of a histogram log.
struct hlog_interval {
  std::string_view tag;  ///< Empty: none.
  double start_s = 0;    ///< Since the epoch, or since the log's beginning where it names none.
  double length_s = 0;
};

/// The first lines of a HdrHistogram log (`.hlog`, version 1.3) whose times count from
/// `start_unix_s`.
[[nodiscard]] std::string hlog_head(double start_unix_s);

/// One line of it; here `start_s` counts from the beginning. The tag must hold no comma and no
/// space. Values are nanoseconds; the column of the maximum has milliseconds, as usual.
[[nodiscard]] std::string hlog_line(const hlog_interval& interval,
                                    const observe::histogram& values);

/// Called with each interval of a log; the histogram and the tag are valid until it returns.
using hlog_visitor = std::function<void(const hlog_interval&, const observe::histogram&)>;

/// Reads a log. Lines that are none are left out and returned. Memory is that of one interval.
rejections parse_hlog(std::string_view text, const hlog_visitor& visit);

}  // namespace tacit::bench::formats
