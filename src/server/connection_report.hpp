#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include <tacit/http/context.hpp>
#include <tacit/sched/task.hpp>

#include "http/connection_set.hpp"

namespace tacit::server {

/// Answers /debug/connections: ?format=json or text, ?limit=N up to 1000, ?state=idle and so on.
sched::task<> answer_connections(const http::connection_set& of, http::context& c);

[[nodiscard]] nlohmann::json to_json(const http::connection_listing& listing);
[[nodiscard]] std::string to_text(const http::connection_listing& listing);

}  // namespace tacit::server
