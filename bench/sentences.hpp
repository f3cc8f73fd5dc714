#pragma once

#include <string>
#include <vector>

#include "bench/comparison.hpp"

namespace tacit::bench {

/// One sentence per column on what it says. "No difference shown" wherever the interval of the best
/// and the worst contender's pairs contains "the same"; in columns that are no headlines, wherever
/// their rounds overlap.
[[nodiscard]] std::vector<std::string> sentences(const comparison& what);

/// One sentence per other contender on the first one's CPU per request as a share of its, paired
/// round by round.
[[nodiscard]] std::vector<std::string> cpu_ratios(const comparison& what);

/// How many times the reference's latency each other contender has at p50, p99 and p99.9, paired
/// round by round; empty when the comparison has no latency_reference.
[[nodiscard]] std::vector<std::string> latency_ratios(const comparison& what);

}  // namespace tacit::bench
