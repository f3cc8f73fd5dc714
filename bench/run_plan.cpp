#include "bench/run_plan.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

}  // namespace

json to_json(const run_plan& plan) {
  const auto& start = plan.agreed_start_unix_s;
  const auto& clock = plan.target_clock;
  return {{"target", plan.target},
          {"pace", plan.pace},
          {"index", plan.part.index},
          {"of", plan.part.of},
          {"agreed_start_unix_s", start ? json(*start) : json(nullptr)},
          {"target_clock_ahead_s",
           clock ? json({{"min", clock->low_s}, {"max", clock->high_s}}) : json(nullptr)}};
}

run_plan plan_of(const json& document) {
  run_plan out;
  out.target = document.at("target").get<std::string>();
  out.pace = document.at("pace").get<std::string>();
  out.part = {document.at("index").get<unsigned>(), document.at("of").get<unsigned>()};
  const auto& start = document.at("agreed_start_unix_s");
  if (!start.is_null()) out.agreed_start_unix_s = start.get<double>();
  const auto& clock = document.at("target_clock_ahead_s");
  if (!clock.is_null()) {
    out.target_clock = {clock.at("min").get<double>(), clock.at("max").get<double>()};
  }
  return out;
}

}  // namespace tacit::bench
