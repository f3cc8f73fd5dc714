#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include <tacit/sched/task_listing.hpp>

namespace tacit::server {

/// The answers of /debug/tasks.
[[nodiscard]] nlohmann::json to_json(const sched::task_listing& listing);

/// For people: coroutines of the same function, state and place together, the largest group first,
/// and for one of each who awaits it.
[[nodiscard]] std::string to_text(const sched::task_listing& listing);

}  // namespace tacit::server
