#pragma once

#include <optional>
#include <string>

#include <tacit/base/error.hpp>

namespace tacit::server {

/// Asks http://ADDRESS:PORT/PATH and expects a 200 within five seconds. nullopt if it came. Names
/// are not looked up: a health check asks its own machine.
[[nodiscard]] std::optional<base::failure> check_health(const std::string& url);

}  // namespace tacit::server
