#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/formats/combined_log.hpp"
#include "bench/formats/recorded_traffic.hpp"
#include "bench/formats/rejections.hpp"
#include "bench/options.hpp"
#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// What a file gives to send.
struct file_traffic {
  explicit file_traffic(std::string authority) : source{std::move(authority)} {}

  traffic_source source;
  /// When each request of the source is due, not descending, from 0 for the first of the file.
  /// Absent where the file has no times.
  std::optional<std::vector<std::int64_t>> times_ns = {};
  std::int64_t period_ns = 0;  ///< After which a repetition begins.
  std::uint64_t left_out = 0;  ///< By --keep, --drop, or because a rewrite made no path of it.
  formats::rejections rejected;
};

/// The request that a line of an access log stands for. Methods that expect a body have an empty
/// one.
[[nodiscard]] formats::recorded_request request_from(const base::combined_log_line& line);

/// Turns a request into wire bytes.
void add_request(traffic_source& to, const formats::recorded_request& request,
                 const expected_answer& expected);

/// The format that the name of a file says; an access log when it says nothing.
[[nodiscard]] file_format format_of(const std::string& path) noexcept;

/// Reads, filters and rewrites what a replay is to send. Throws base::failure when the file cannot
/// be read, gives no request, or with --strict has a line that gives none. `expected` outlives it.
[[nodiscard]] file_traffic read_traffic(const replay_options& options, const std::string& target,
                                        const expectations& expected);

/// The requests of a log, with the answers that a server of its site gives.
[[nodiscard]] traffic_source traffic_from(const formats::combined_log& log,
                                          const std::string& authority,
                                          std::uint64_t body_bytes_max);

}  // namespace tacit::bench
