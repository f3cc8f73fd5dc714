#include "bench/contenders/sched/standings.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <tacit/base/error.hpp>

namespace tacit::bench::contenders::sched {

measurement parse_measurement(const std::string& printed, const std::string& contender,
                              const std::string& shape) {
  const auto refuse = [&](const std::string& why) {
    return base::failure{fmt::format("{} {}: {}", contender, shape, why)};
  };
  try {
    const auto line = nlohmann::json::parse(printed);
    measurement out;
    out.contender = line.at("contender").get<std::string>();
    out.shape = line.at("shape").get<std::string>();
    out.size = line.at("size").get<std::int64_t>();
    out.operations = line.at("operations").get<std::int64_t>();
    out.seconds = line.at("seconds").get<double>();
    out.ns_per_operation = line.at("ns_per_operation").get<double>();
    if (line.at("check") != "ok") throw refuse("the result is wrong");
    if (out.contender != contender || out.shape != shape) {
      throw refuse(fmt::format("the result is that of {} {}", out.contender, out.shape));
    }
    if (!(out.ns_per_operation > 0)) throw refuse("took no time");
    return out;
  } catch (const nlohmann::json::exception&) {
    throw refuse(fmt::format("no result, but: {}", printed.empty() ? "nothing" : printed));
  }
}

series standings::ns_of(const std::string& shape, const std::string& contender) const {
  series out;
  for (const auto& m : measurements) {
    if (m.shape == shape && m.contender == contender) out.values.push_back(m.ns_per_operation);
  }
  return out;
}

series standings::ratios_of(const std::string& shape, const std::string& contender,
                            const std::string& reference) const {
  series out;
  for (const auto& m : measurements) {
    if (m.shape != shape || m.contender != contender) continue;
    for (const auto& other : measurements) {
      if (other.shape == shape && other.contender == reference && other.round == m.round)
        out.values.push_back(m.ns_per_operation / other.ns_per_operation);
    }
  }
  return out;
}

std::int64_t standings::size_of(const std::string& shape, const std::string& contender) const {
  const auto found = std::find_if(measurements.begin(), measurements.end(), [&](const auto& m) {
    return m.shape == shape && m.contender == contender;
  });
  return found == measurements.end() ? 0 : found->size;
}

bool standings::is_scaled(const std::string& shape, const std::string& contender) const {
  const auto size = size_of(shape, contender);
  return size > 0 && std::any_of(measurements.begin(), measurements.end(),
                                 [&](const auto& m) { return m.shape == shape && m.size > size; });
}

}  // namespace tacit::bench::contenders::sched
