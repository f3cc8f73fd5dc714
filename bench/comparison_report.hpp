#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/comparison.hpp"

namespace tacit::bench {

/// The comparison as a table for a terminal, followed by its sentences.
[[nodiscard]] std::string to_table(const comparison& what);

/// The comparison as JSON, schema 1, with every pass of it.
[[nodiscard]] nlohmann::ordered_json to_json(const comparison& what);

}  // namespace tacit::bench
