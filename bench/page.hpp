#pragma once

#include <string>

#include "bench/report.hpp"

namespace tacit::bench {

/// A run as one HTML page that needs nothing else: no script, no network. Latency by percentile,
/// rate, latency and, where they were looked for, pauses over time, a heat map, and the target's
/// CPU and memory on the same axis. Light and dark as the reader's system is; fits 400 px and
/// paper.
[[nodiscard]] std::string to_page(const outcome& result, const run_title& title);

/// The style of the pages; what is drawn with plot has its colours from it.
[[nodiscard]] const char* page_style() noexcept;

}  // namespace tacit::bench
