#pragma once

#include <nlohmann/json.hpp>

namespace tacit::bench {

/// The machine that this runs on: CPU model, how many of them, the kernel. For reports.
[[nodiscard]] nlohmann::ordered_json machine_json();

}  // namespace tacit::bench
