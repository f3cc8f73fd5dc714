#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include <tacit/observe/pause_recorder.hpp>

namespace tacit::server {

/// The answer of /debug/pauses, but for what belongs to the process; docs/pauses.md has its format.
/// `recent_max`: how many of the last pauses it lists. The first call with stacks reads the
/// program's symbols, which takes long.
[[nodiscard]] nlohmann::json describe_pauses(const observe::pause_record& from,
                                             std::size_t recent_max);

/// The same record as a HdrHistogram log: a line for each cause.
[[nodiscard]] std::string to_histogram_log(const observe::pause_record& from);

}  // namespace tacit::server
