#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/endpoint.hpp"
#include "bench/pauses.hpp"

namespace tacit::bench {

/// A pause as the target itself tells it.
struct logged_pause {
  interval when;     ///< On the monotonic clock.
  std::string what;  ///< "G1 young", "handler"
};

/// Says of each pause of the target which of the log's it overlaps, the longest overlap first. The
/// log explains a pause; it never changes its length or makes one. `slack_ns` is by how much the
/// log's times may be off.
void explain(pause_report& what, std::vector<logged_pause> by, const std::string& log,
             std::int64_t slack_ns);

/// The pauses that a Tacit server has recorded, of those that it still has, from GET /debug/pauses.
/// nullopt when it is no Tacit server, or does not record.
[[nodiscard]] std::optional<std::vector<logged_pause>> recorded_pauses(
    const endpoint& from, const std::string& authority);

/// The same from the text of such an answer.
[[nodiscard]] std::optional<std::vector<logged_pause>> recorded_pauses(const std::string& body);

}  // namespace tacit::bench
