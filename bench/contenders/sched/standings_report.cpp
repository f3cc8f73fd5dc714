#include "bench/contenders/sched/standings_report.hpp"

#include <fmt/format.h>

namespace tacit::bench::contenders::sched {
namespace {

using json = nlohmann::ordered_json;

constexpr int shape_width = 13;
constexpr int cell_width = 10;
constexpr int ratio_width = 24;

constexpr const char* subject = "tacit";
constexpr const char* references[] = {"tbb", "go"};

// What an idle machine does for itself stays below this.
constexpr double disturbing_share = 0.05;

/// Three digits are more than the noise leaves.
std::string three_digits(double value) {
  const int decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return fmt::format("{:.{}f}", value, decimals);
}

std::string head_of(const standings& what) {
  auto out = fmt::format("{:<{}}", "shape", shape_width);
  for (const auto& contender : what.contenders)
    out += fmt::format("{:>{}}", contender, cell_width);
  for (const auto* reference : references)
    out += fmt::format("{:>{}}", fmt::format("{}/{}", subject, reference), ratio_width);
  return out + "\n";
}

std::string median_cell(const standings& what, const std::string& shape,
                        const std::string& contender) {
  const auto ns = what.ns_of(shape, contender);
  if (ns.empty()) return "- ";
  return three_digits(ns.median()) + (what.is_scaled(shape, contender) ? "*" : " ");
}

std::string ratio_cell(const series& ratios) {
  if (ratios.empty()) return "-";
  return fmt::format("{} ({} to {})", three_digits(ratios.median()), three_digits(ratios.lowest()),
                     three_digits(ratios.highest()));
}

std::string row_of(const standings& what, const std::string& shape) {
  auto out = fmt::format("{:<{}}", shape, shape_width);
  for (const auto& contender : what.contenders)
    out += fmt::format("{:>{}}", median_cell(what, shape, contender), cell_width);
  for (const auto* reference : references)
    out +=
        fmt::format("{:>{}}", ratio_cell(what.ratios_of(shape, subject, reference)), ratio_width);
  return out + "\n";
}

std::string scaled_remark(const standings& what) {
  std::string out;
  for (const auto& shape : what.shapes) {
    for (const auto& contender : what.contenders) {
      if (!what.is_scaled(shape, contender)) continue;
      out += fmt::format("{}{} {} {}", out.empty() ? "* smaller size: " : ", ", contender, shape,
                         what.size_of(shape, contender));
    }
  }
  return out.empty() ? out : out + "\n";
}

json spread(const series& figures) {
  if (figures.empty()) return nullptr;
  return {{"median", figures.median()}, {"min", figures.lowest()}, {"max", figures.highest()}};
}

json contender_json(const standings& what, const std::string& shape, const std::string& contender) {
  json out = {{"name", contender}, {"size", what.size_of(shape, contender)}};
  out["scaled"] = what.is_scaled(shape, contender);
  out["ns_per_operation"] = spread(what.ns_of(shape, contender));
  out["rounds"] = json::array();
  for (const auto& m : what.measurements) {
    if (m.shape != shape || m.contender != contender) continue;
    out["rounds"].push_back({{"round", m.round},
                             {"operations", m.operations},
                             {"seconds", m.seconds},
                             {"ns_per_operation", m.ns_per_operation}});
  }
  return out;
}

json shape_json(const standings& what, const std::string& shape) {
  json out = {{"shape", shape}, {"contenders", json::array()}, {"ratios", json::object()}};
  for (const auto& contender : what.contenders) {
    if (!what.ns_of(shape, contender).empty())
      out["contenders"].push_back(contender_json(what, shape, contender));
  }
  for (const auto* reference : references) {
    out["ratios"][fmt::format("{}/{}", subject, reference)] =
        spread(what.ratios_of(shape, subject, reference));
  }
  return out;
}

}  // namespace

std::string to_table(const standings& what) {
  auto out = head_of(what);
  for (const auto& shape : what.shapes)
    out += row_of(what, shape);
  out += fmt::format(
      "ns per operation, median of {} {} on {} workers; a ratio is the median of the rounds' "
      "ratios "
      "(lowest to highest).\n",
      what.rounds, what.rounds == 1 ? "round" : "rounds", what.workers);
  out += scaled_remark(what);
  if (what.cpu_share_elsewhere >= disturbing_share) {
    out += fmt::format("Disturbed: other programs used {:.0f} % of the CPUs meanwhile.\n",
                       100 * what.cpu_share_elsewhere);
  }
  for (const auto& skipped : what.skipped)
    out += fmt::format("Skipped: {}\n", skipped);
  for (const auto& failure : what.failures)
    out += fmt::format("Failed: {}\n", failure);
  return out;
}

json to_json(const standings& what) {
  json out = {{"schema", 1}, {"kind", "sched"}};
  out["workers"] = what.workers;
  out["rounds"] = what.rounds;
  out["cpu_share_elsewhere"] = what.cpu_share_elsewhere;
  out["skipped"] = what.skipped;
  out["failures"] = what.failures;
  out["shapes"] = json::array();
  for (const auto& shape : what.shapes)
    out["shapes"].push_back(shape_json(what, shape));
  return out;
}

}  // namespace tacit::bench::contenders::sched
