#pragma once

#include <string>
#include <string_view>
#include <tacit/observe/histogram.hpp>

namespace tacit::bench::formats {

/// A histogram as HdrHistogram's tools exchange it: V2 compressed encoding (ZigZag LEB128 counts
/// behind a header, deflated), in base64.
[[nodiscard]] std::string encode_hdr(const observe::histogram& from);

/// Adds a histogram in that encoding to `into`; returns what is wrong with it, or nullptr.
///
/// It may have other digits or another unit than `into`: each slot is recorded by its middle, the
/// outermost ones so that minimum and maximum are those which the other tools derive. Nothing is
/// recorded when something is wrong.
[[nodiscard]] const char* decode_hdr(std::string_view base64, observe::histogram& into);

}  // namespace tacit::bench::formats
