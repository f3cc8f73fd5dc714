#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "bench/formats/gc_log.hpp"

namespace tacit::bench::formats {

/// What a log says about a stretch of `length_ns` as JSON: counts, sums in us, and the longest
/// pauses.
///
///     {"collector": "G1", "seconds": 1.1, "collections": 12, "full_collections": 0, "stops": 12,
///      "stopped_us": 31200.0, "longest_stop_us": 4100.0, "stalls": 0, "longest_stall_us": 0.0,
///      "rejected_lines": 0, "longest": [{"start_ns": 1, "length_us": 4100.0, "what": "..."}]}
[[nodiscard]] nlohmann::ordered_json to_json(const gc_log& log, std::int64_t length_ns);

}  // namespace tacit::bench::formats
