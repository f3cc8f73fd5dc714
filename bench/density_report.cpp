#include "bench/density_report.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr double mebibyte = 1'048'576;

template <class Of>
std::vector<double> values_of(const density_row& row, Of of) {
  std::vector<double> out;
  for (const auto& start : row.starts)
    out.push_back(static_cast<double>(start.*of));
  return out;
}

double startup_ms(const density_row& row, double share) {
  return quantile(values_of(row, &lone_start::startup_ns), share) / 1e6;
}

double median_mib(const density_row& row, std::uint64_t lone_start::*of) {
  return quantile(values_of(row, of), 0.5) / mebibyte;
}

std::string row_text(const density_row& row) {
  const double each = row.fitted == 0 ? 0
                                      : static_cast<double>(row.charged_bytes) / mebibyte /
                                            static_cast<double>(row.fitted);
  return fmt::format(
      "{:<20}{:>8.2f} ms{:>8.2f} ms{:>8.2f} MiB{:>8.2f} MiB{:>10}{:>10}{:>8.2f} MiB   {}\n",
      row.name, startup_ms(row, 0.5), startup_ms(row, 0.95),
      median_mib(row, &lone_start::idle_bytes), median_mib(row, &lone_start::loaded_bytes),
      row.started, row.fitted, each, row.limit);
}

}  // namespace

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

start_ratio compare_starts(const density_row& row, const density_row& with) {
  std::vector<double> ratios;
  const auto rounds = std::min(row.starts.size(), with.starts.size());
  for (std::size_t i = 0; i < rounds; ++i) {
    ratios.push_back(static_cast<double>(row.starts[i].startup_ns) /
                     static_cast<double>(with.starts[i].startup_ns));
  }
  return {quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75)};
}

std::string to_table(const density& result) {
  auto out = fmt::format(
      "budget          {:.0f} MiB and {:g} CPU for all instances (control groups version {})\n"
      "load            {} requests over 8 connections, to an instance alone\n\n",
      static_cast<double>(result.memory_bytes) / mebibyte, result.cpus, result.group_version,
      result.load_requests);
  out += fmt::format("{:<20}{:>22}{:>24}{:>10}{:>10}{:>12}\n", "", "start to first answer",
                     "charged memory", "started", "fit", "each");
  out += fmt::format("{:<20}{:>11}{:>11}{:>12}{:>12}\n", "", "median", "p95", "idle", "after load");
  for (const auto& row : result.rows)
    out += row_text(row);
  for (std::size_t i = 1; i < result.rows.size(); ++i) {
    const auto& first = result.rows.front();
    const auto ratio = compare_starts(first, result.rows[i]);
    out += fmt::format(
        "{}{} takes {:.2f} of the time of {} to start (quartiles {:.2f} and {:.2f} of {} "
        "rounds)\n",
        i == 1 ? "\n" : "", first.name, ratio.median, result.rows[i].name, ratio.lower, ratio.upper,
        std::min(first.starts.size(), result.rows[i].starts.size()));
  }
  return out;
}

json to_json(const density& result) {
  json out = {{"schema", 2},
              {"kind", "density"},
              {"memory_bytes", result.memory_bytes},
              {"cpus", result.cpus},
              {"control_groups", result.group_version},
              {"load_requests", result.load_requests},
              {"contenders", json::array()},
              {"skipped", result.skipped}};
  for (const auto& row : result.rows) {
    json one = {{"name", row.name},
                {"startup_ms", {{"median", startup_ms(row, 0.5)}, {"p95", startup_ms(row, 0.95)}}},
                {"idle_bytes", quantile(values_of(row, &lone_start::idle_bytes), 0.5)},
                {"loaded_bytes", quantile(values_of(row, &lone_start::loaded_bytes), 0.5)},
                {"started", row.started},
                {"fitted", row.fitted},
                {"charged_bytes", row.charged_bytes},
                {"limit", row.limit},
                {"starts", json::array()}};
    for (const auto& start : row.starts) {
      one["starts"].push_back({{"startup_ns", start.startup_ns},
                               {"idle_bytes", start.idle_bytes},
                               {"loaded_bytes", start.loaded_bytes}});
    }
    out["contenders"].push_back(std::move(one));
  }
  return out;
}

}  // namespace tacit::bench
