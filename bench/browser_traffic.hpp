#pragma once

#include <string>
#include <vector>

#include "bench/formats/combined_log.hpp"
#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// User agents of our own, in the forms that browsers, phones and bots have.
[[nodiscard]] std::vector<std::string> browser_agents();

/// The user agents of a log as they follow each other in it, at most 10,000; lines without one are
/// left out. Throws base::failure when there is none.
[[nodiscard]] std::vector<std::string> agents_of(const formats::combined_log& log,
                                                 const std::string& name);

/// Adds a GET of `target` per agent, with that agent and the ten other fields that a browser sends
/// with a page it navigates to.
void add_browser_requests(traffic_source& to, const std::string& target,
                          const std::vector<std::string>& agents);

}  // namespace tacit::bench
