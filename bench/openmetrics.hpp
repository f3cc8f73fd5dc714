#pragma once

#include <string>

#include "bench/run.hpp"

namespace tacit::bench {

/// The results as OpenMetrics text, for a push gateway: latencies as summaries in seconds, counts
/// as counters, and whether the run was valid and met its objectives as gauges.
[[nodiscard]] std::string to_openmetrics(const outcome& result);

}  // namespace tacit::bench
