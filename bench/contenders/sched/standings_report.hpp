#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/contenders/sched/standings.hpp"

namespace tacit::bench::contenders::sched {

/// Shapes by contenders with medians, and Tacit's ratios to oneTBB and Go.
[[nodiscard]] std::string to_table(const standings& what);

/// The same with every round (schema 1).
[[nodiscard]] nlohmann::ordered_json to_json(const standings& what);

}  // namespace tacit::bench::contenders::sched
