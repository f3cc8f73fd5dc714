#include "bench/browser_traffic.hpp"

#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

constexpr std::size_t agents_max = 10'000;

}  // namespace

std::vector<std::string> browser_agents() {
  return {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Heron/118.0 Safari/537.36",
          "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_2) Heron/118.0 Safari/537.36",
          "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Osprey/121.0",
          "Mozilla/5.0 (Linux; Android 14; Mobile) Heron/118.0 Mobile Safari/537.36",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) Wren/17.2 Mobile",
          "Mozilla/5.0 (compatible; Magpiebot/2.1; +http://magpie.example/bot)",
          "feedreader/4.4 (+http://feeds.example/)"};
}

std::vector<std::string> agents_of(const formats::combined_log& log, const std::string& name) {
  std::vector<std::string> out;
  for (const auto& record : log.records) {
    if (out.size() == agents_max) break;
    if (!record.user_agent.empty() && record.user_agent != "-") out.emplace_back(record.user_agent);
  }
  if (out.empty()) throw base::failure{name + ": no line of it has a user agent"};
  return out;
}

void add_browser_requests(traffic_source& to, const std::string& target,
                          const std::vector<std::string>& agents) {
  for (const auto& agent : agents) {
    to.add(
        {"GET",
         target,
         {{"User-Agent", agent},
          {"Accept",
           "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
          {"Accept-Language", "en-GB,en;q=0.8,de;q=0.5,fr;q=0.3"},
          {"Accept-Encoding", "gzip, deflate, br, zstd"},
          {"Referer", "https://www.example.org/articles/2024/05/a-page-before-this-one.html"},
          {"Cookie",
           "session=5f1c9d0e7b3a4c62a8d9e0f1b2c3d4e5; theme=dark; consent=2024-05-01T10:00:00Z"},
          {"Upgrade-Insecure-Requests", "1"},
          {"Sec-Fetch-Dest", "document"},
          {"Sec-Fetch-Mode", "navigate"},
          {"Sec-Fetch-Site", "same-origin"},
          {"Priority", "u=0, i"}},
         std::nullopt},
        {200, std::nullopt});
  }
}

}  // namespace tacit::bench
