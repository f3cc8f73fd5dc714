#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/pauses.hpp"

namespace tacit::bench {

/// What the probes saw, as `pauses.probe` of a run's JSON (docs/pauses.md). Times of single pauses
/// count from `start_ns`, the start of the run.
[[nodiscard]] nlohmann::ordered_json to_json(const pause_report& what, std::int64_t start_ns);

/// The same as lines of a run's table.
[[nodiscard]] std::string pause_rows(const pause_report& what);

/// A pause in words: "5.02 ms at 1.203 s, all stalled, scheduled out for 4.90 ms".
[[nodiscard]] std::string describe(const seen_pause& one, std::int64_t start_ns);

}  // namespace tacit::bench
