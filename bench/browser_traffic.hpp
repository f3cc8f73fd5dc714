#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bench/formats/combined_log.hpp"
#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// User agents of our own, in the forms that browsers, phones and bots have.
inline constexpr std::array<std::string_view, 7> made_up_agents{
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Heron/118.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_2) Heron/118.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Osprey/121.0",
    "Mozilla/5.0 (Linux; Android 14; Mobile) Heron/118.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) Wren/17.2 Mobile",
    "Mozilla/5.0 (compatible; Magpiebot/2.1; +http://magpie.example/bot)",
    "feedreader/4.4 (+http://feeds.example/)"};

/// The user agents of a log as they follow each other in it, at most 10,000; lines without one are
/// left out. Throws base::failure when there is none.
[[nodiscard]] std::vector<std::string> agents_of(const formats::combined_log& log,
                                                 const std::string& name);

/// Adds a GET of `target` per agent, with that agent and the ten other fields that a browser sends
/// with a page it navigates to.
void add_browser_requests(traffic_source& to, const std::string& target,
                          const std::vector<std::string>& agents);

}  // namespace tacit::bench
