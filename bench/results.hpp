#pragma once

#include "bench/recording_json.hpp"
#include "bench/report.hpp"

namespace tacit::bench {

/// The JSON of a run: what it was, `more`, its figures, and everything that was recorded.
[[nodiscard]] nlohmann::ordered_json whole_document(const outcome& result, const run_title& title,
                                                    const run_plan& plan,
                                                    const nlohmann::ordered_json& more);

/// Writes the files that were asked for. Throws base::failure.
void write_results(const outcome& result, const run_title& title, const run_plan& plan,
                   const nlohmann::ordered_json& more, const output_paths& outputs);

}  // namespace tacit::bench
