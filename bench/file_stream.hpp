#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/expectations.hpp"
#include "bench/formats/rejections.hpp"
#include "bench/options.hpp"
#include "bench/request_stream.hpp"

namespace tacit::bench {

/// Bounds of what is held of a file that is read while it is sent.
struct stream_bounds {
  std::size_t block_requests = 4'096;
  /// Requests are sorted by time among so many: that is how far one may stand behind its place.
  std::size_t sorting_window = 65'536;
  std::size_t line_bytes_max = 16 << 20;
};

/// What became of the lines of a streamed file; complete once its last block was read.
struct stream_counts {
  std::uint64_t requests = 0;
  std::uint64_t left_out = 0;
  std::uint64_t late = 0;  ///< Stood further behind than the window, and are sent when found.
  formats::rejections rejected;
};

/// Reads an access log, GoReplay's format or vegeta's targets piece by piece: the requests and
/// times of read_traffic(), as long as the sorting window suffices.
///
/// `counts` is written by whoever calls next(). It and `expected` outlive the reader. Throws
/// base::failure when the file cannot be opened, or its format (a HTTP archive, a list with
/// weights) or what is asked for (--check site, --repeat) needs all of it.
[[nodiscard]] std::unique_ptr<block_reader> open_stream(const replay_options& options,
                                                        const std::string& authority,
                                                        const expectations& expected,
                                                        stream_counts& counts,
                                                        const stream_bounds& bounds = {});

}  // namespace tacit::bench
