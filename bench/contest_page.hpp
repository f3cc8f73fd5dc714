#pragma once

#include <string>
#include <vector>

#include "bench/restored_comparison.hpp"

namespace tacit::bench {

/// Comparisons as one HTML page that needs nothing else: the tables, and for each contender its
/// latency over time with the pauses below it on the same axis. `head` is shown at the top and
/// `text` at the end, as they are.
[[nodiscard]] std::string to_page(const std::vector<stored_contest>& all, const std::string& title,
                                  const std::string& head, const std::string& text);

}  // namespace tacit::bench
