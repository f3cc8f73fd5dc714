#pragma once

#include "bench/options.hpp"
#include "bench/restored_comparison.hpp"

namespace tacit::bench {

/// Comparisons as text: the machine, each one's tables with intervals, and the four cells split
/// into threads and allocation. `remarks` stand at its head.
[[nodiscard]] std::string report_text(const std::vector<stored_contest>& all,
                                      const std::vector<std::string>& remarks);

/// The same as JSON, kind "report".
[[nodiscard]] nlohmann::ordered_json report_json(const std::vector<stored_contest>& all,
                                                 const std::vector<std::string>& remarks);

/// `tacit-bench report`: returns the exit status. Throws base::failure.
[[nodiscard]] int report_comparisons(const report_options& options);

}  // namespace tacit::bench
