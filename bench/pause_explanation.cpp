#include "bench/pause_explanation.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/fetch.hpp"

namespace tacit::bench {
namespace {

constexpr std::int64_t timeout_ns = 5'000'000'000;

std::int64_t overlap_ns(const interval& a, const interval& b, std::int64_t slack_ns) {
  return std::min(a.end_ns, b.end_ns + slack_ns) - std::max(a.start_ns, b.start_ns - slack_ns);
}

std::string text_of(const logged_pause& first, std::size_t others) {
  auto out =
      fmt::format("{} {:.2f} ms", first.what, static_cast<double>(first.when.length_ns()) / 1e6);
  return others == 0 ? out : out + fmt::format(" and {} more", others);
}

}  // namespace

void explain(pause_report& what, std::vector<logged_pause> by, const std::string& log,
             std::int64_t slack_ns) {
  std::sort(by.begin(), by.end(),
            [](const auto& a, const auto& b) { return a.when.start_ns < b.when.start_ns; });
  std::int64_t longest = 0;
  for (const auto& one : by)
    longest = std::max(longest, one.when.length_ns());
  what.log = log;
  what.explained = 0;
  for (auto& pause : what.pauses) {
    if (pause.origin != pause_origin::target) continue;
    const logged_pause* best = nullptr;
    std::int64_t most = 0;
    std::size_t count = 0;
    // None that starts earlier than this can reach the pause.
    auto at = std::partition_point(by.begin(), by.end(), [&](const auto& one) {
      return one.when.start_ns + longest + slack_ns < pause.when.start_ns;
    });
    for (; at != by.end() && at->when.start_ns - slack_ns < pause.when.end_ns; ++at) {
      const auto overlap = overlap_ns(pause.when, at->when, slack_ns);
      if (overlap <= 0) continue;
      ++count;
      if (best == nullptr || overlap > most) best = &*at;
      most = std::max(most, overlap);
    }
    if (best == nullptr) continue;
    pause.explained_by = text_of(*best, count - 1);
    what.explained += pause.when.length_ns() > pause_bounds_ns.front();
  }
}

std::optional<std::vector<logged_pause>> recorded_pauses(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || !json.value("recording", false)) return std::nullopt;
  std::vector<logged_pause> out;
  try {
    // The longest may be older than the recent ones, and many are among both.
    for (const char* list : {"recent", "longest"}) {
      for (const auto& one : json.at(list)) {
        const auto start = one.at("begin_ns").get<std::int64_t>();
        const interval when{start, start + one.at("length_ns").get<std::int64_t>()};
        const auto what = fmt::format("{} of worker {}", one.at("cause").get<std::string>(),
                                      one.at("worker").get<int>());
        const bool is_known = std::any_of(out.begin(), out.end(), [&](const auto& known) {
          return known.when == when && known.what == what;
        });
        if (!is_known) out.push_back({when, what});
      }
    }
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return out;
}

std::optional<std::vector<logged_pause>> recorded_pauses(const endpoint& from,
                                                         const std::string& authority) {
  const auto got = fetch(from, authority, "/debug/pauses?recent=1000", timeout_ns);
  if (got.status != 200) return std::nullopt;
  return recorded_pauses(got.body);
}

}  // namespace tacit::bench
