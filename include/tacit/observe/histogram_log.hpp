#pragma once

#include <string>
#include <string_view>

#include <tacit/observe/histogram.hpp>

/// Histograms as HdrHistogram's tools exchange them. Reading them is the harness's business.
namespace tacit::observe {

/// V2 compressed encoding (ZigZag LEB128 counts behind a header, deflated), in base64.
[[nodiscard]] std::string encode_histogram(const histogram& from);

/// The first lines of a histogram log (`.hlog`, version 1.3) whose times count from `start_unix_s`.
[[nodiscard]] std::string histogram_log_head(double start_unix_s);

/// One line of it: an interval that begins `start_s` after the log's beginning. The tag holds no
/// comma and no space, and may be empty. Values are nanoseconds; the column of the maximum has
/// milliseconds, as usual.
[[nodiscard]] std::string histogram_log_line(std::string_view tag, double start_s, double length_s,
                                             const histogram& values);

/// Base64 with padding (RFC 4648 section 4).
[[nodiscard]] std::string to_base64(std::string_view bytes);

}  // namespace tacit::observe
