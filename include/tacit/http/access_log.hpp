#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <tacit/http/middleware.hpp>
#include <tacit/observe/metrics.hpp>

namespace tacit::http {

enum class access_log_format {
  combined,    ///< As Apache and nginx write it; `tacit-bench replay` and `serve --site` read it.
  json_lines,  ///< One object for each line, with the time it took and the request's id.
};

struct access_log_options {
  std::string file = "-";  ///< Appended to; "-" is stdout.
  access_log_format format = access_log_format::combined;

  /// The share of answers that is logged, chosen at random. Answers of 500 and above always are.
  double sample = 1.0;

  /// What may wait to be written; further lines are dropped and counted.
  std::size_t waiting_bytes_max = 4 << 20;

  friend bool operator==(const access_log_options&, const access_log_options&) = default;
};

/// Logs answers, those included that no handler made. A thread of its own writes, so no request
/// ever waits for the file: when that is too slow, lines are dropped and counted, in
/// tacit_access_log_dropped_total of `in`.
///
/// Throws std::system_error if the file cannot be opened.
[[nodiscard]] middleware access_log(const access_log_options& with, observe::metrics* in = nullptr);

}  // namespace tacit::http
