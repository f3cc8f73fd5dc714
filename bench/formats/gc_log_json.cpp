#include "bench/formats/gc_log_json.hpp"

#include <algorithm>

namespace tacit::bench::formats {
namespace {

constexpr std::size_t listed_max = 20;

double us(std::int64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

}  // namespace

nlohmann::ordered_json to_json(const gc_log& log, std::int64_t length_ns) {
  nlohmann::ordered_json out{{"collector", log.collector},
                             {"seconds", static_cast<double>(length_ns) / 1e9},
                             {"collections", log.collections()},
                             {"full_collections", log.full_collections()},
                             {"stops", log.stops()},
                             {"stopped_us", us(log.stopped_ns())},
                             {"longest_stop_us", us(log.longest_stop_ns())},
                             {"stalls", log.stalls()},
                             {"longest_stall_us", us(log.longest_stall_ns())},
                             {"rejected_lines", log.rejected.count},
                             {"longest", nlohmann::ordered_json::array()}};
  auto longest = log.pauses;
  std::stable_sort(longest.begin(), longest.end(),
                   [](const auto& a, const auto& b) { return a.length_ns > b.length_ns; });
  if (longest.size() > listed_max) longest.resize(listed_max);
  for (const auto& one : longest) {
    out["longest"].push_back({{"start_ns", one.start_ns},
                              {"length_us", us(one.length_ns)},
                              {"what", one.what},
                              {"stops_all", one.stops_all}});
  }
  return out;
}

}  // namespace tacit::bench::formats
