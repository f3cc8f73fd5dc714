#include "bench/result_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>

#include "bench/difference.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr int contender_width = 17;
constexpr int column_width = 13;
constexpr double level = 0.95;

table_column of_probe(const char* key, const char* pointer, const char* kind, const char* head,
                      const char* unit, double shown_per = 1, bool is_detail = false) {
  return {{key, head, pointer, kind}, head, unit, shown_per, is_detail};
}

/// What a pass at a given rate shows of pauses.
std::vector<table_column> pause_columns(const char* kind) {
  return {
      {{"rate_per_s", "Requests answered", "/rate_per_s", kind}, "answered", "/s"},
      {{"latency_p99_us", "p99", "/latency_us/p99", kind}, "p99", "ms", 1e3, true},
      {{"latency_p99_9_us", "p99.9", "/latency_us/p99_9", kind}, "p99.9", "ms", 1e3},
      of_probe("above_0_1_ms_per_s", "/pauses/probe/any/per_s/above_0_1_ms", kind, "> 0.1 ms",
               "/s"),
      of_probe("above_1_ms_per_s", "/pauses/probe/any/per_s/above_1_ms", kind, "> 1 ms", "/s"),
      of_probe("above_10_ms_per_s", "/pauses/probe/any/per_s/above_10_ms", kind, "> 10 ms", "/s"),
      of_probe("longest_us", "/pauses/probe/any/longest_us", kind, "longest", "ms", 1e3),
      of_probe("paused_share", "/pauses/probe/any/paused_share", kind, "paused", "%", 0.01),
      of_probe("mmu_1_ms", "/pauses/probe/any/mmu/1_ms", kind, "MMU 1 ms", "%", 0.01, true),
      of_probe("mmu_10_ms", "/pauses/probe/any/mmu/10_ms", kind, "MMU 10 ms", "%", 0.01),
      of_probe("mmu_100_ms", "/pauses/probe/any/mmu/100_ms", kind, "MMU 100 ms", "%", 0.01),
      {{"collections", "Collections", "/runtime_log/collections", kind}, "collections", "/pass"},
      {{"full_collections", "Full collections", "/runtime_log/full_collections", kind},
       "full",
       "/pass"},
      {{"longest_stop_us", "Longest stop by its own log", "/runtime_log/longest_stop_us", kind},
       "own log",
       "ms",
       1e3,
       true},
      {{"cpu_us_per_request", "CPU per request", "/server/cpu_us_per_request", kind},
       "CPU",
       "us/req",
       1,
       true},
      {{"rss_peak_bytes", "Peak RSS", "/server/rss_peak_bytes", kind}, "RSS", "MB", 1e6, true},
  };
}

std::vector<table_column> cost_columns() {
  const char* kind = "paced";
  return {
      {{"capacity_per_s", "Requests in a closed loop", "/rate_per_s", "capacity"},
       "capacity",
       "/s"},
      {{"bytes_per_s", "Bytes in a closed loop", "/bytes_per_s", "capacity"}, "moved", "MB/s", 1e6},
      {{"cpu_us_per_request", "CPU per request", "/server/cpu_us_per_request", kind},
       "CPU",
       "us/req"},
      {{"allocations_per_request", "Allocations", "/server/allocations_per_request", kind},
       "allocs",
       "/req"},
      {{"allocated_bytes_per_request", "Bytes allocated", "/server/allocated_bytes_per_request",
        kind},
       "allocated",
       "bytes/req"},
      {{"tasks_per_connection", "Tasks", "/server/tasks_per_connection", kind}, "tasks", "/conn"},
      {{"threads_per_connection", "Threads", "/server/threads_per_connection", kind},
       "threads",
       "/conn"},
      {{"context_switches_per_request", "Switches", "/server/context_switches_per_request", kind},
       "switches",
       "/req"},
      {{"run_delay_us_per_request", "Run delay", "/server/run_delay_us_per_request", kind},
       "run delay",
       "us/req"},
      {{"steals_per_request", "Steals", "/server/steals_per_request", kind}, "steals", "/req"},
      {{"task_wait_us_per_request", "Wait of tasks", "/server/task_wait_us_per_request", kind},
       "task wait",
       "us/req",
       1,
       true},
      of_probe("above_1_ms_per_s", "/pauses/probe/any/per_s/above_1_ms", kind, "> 1 ms", "/s"),
      of_probe("longest_us", "/pauses/probe/any/longest_us", kind, "longest", "ms", 1e3),
      {{"latency_p99_us", "p99", "/latency_us/p99", kind}, "p99", "us", 1, true},
      {{"latency_p99_9_us", "p99.9", "/latency_us/p99_9", kind}, "p99.9", "us", 1, true},
      {{"rss_peak_bytes", "Peak RSS", "/server/rss_peak_bytes", kind}, "RSS", "MB", 1e6, true},
  };
}

bool has_kind(const comparison& what, const std::string& kind) {
  for (const auto& c : what.competitors) {
    for (const auto& round : c.rounds) {
      if (std::any_of(round.begin(), round.end(), [&](const auto& p) { return p.kind == kind; }))
        return true;
    }
  }
  return false;
}

result_table table_of(const comparison& what, table_kind kind) {
  result_table out{kind, {}};
  for (const auto& c : what.competitors) {
    table_row row{c.name, {}};
    for (const auto& column : columns_of(kind))
      row.cells.push_back(cell_of(over_rounds(c, column.which), what.seed));
    out.rows.push_back(std::move(row));
  }
  return out;
}

/// Columns that some contender has.
std::vector<std::size_t> shown_columns(const result_table& table, bool with_details) {
  std::vector<std::size_t> out;
  const auto& shown_as = columns_of(table.kind);
  for (std::size_t i = 0; i < shown_as.size(); ++i) {
    const bool is_known = std::any_of(table.rows.begin(), table.rows.end(),
                                      [&](const auto& row) { return row.cells[i].has_value(); });
    if (is_known && (with_details || !shown_as[i].is_detail)) out.push_back(i);
  }
  return out;
}

std::string interval_text(const std::optional<table_cell>& cell, double shown_per) {
  if (!cell || !cell->has_interval()) return "";
  return fmt::format("{}-{}", short_number(cell->low / shown_per),
                     short_number(cell->high / shown_per));
}

}  // namespace

const char* name_of(table_kind kind) noexcept {
  constexpr std::array names{"flood", "paced", "costs"};
  return names[static_cast<std::size_t>(kind)];
}

const char* title_of(table_kind kind) noexcept {
  constexpr std::array titles{"Flood: each contender at the rate asked for, or at what it carries",
                              "The same rate for all",
                              "What a request and a connection cost, at the same rate for all"};
  return titles[static_cast<std::size_t>(kind)];
}

const std::vector<table_column>& columns_of(table_kind kind) {
  static const std::array<std::vector<table_column>, 3> by_kind{
      pause_columns("flood"), pause_columns("paced"), cost_columns()};
  return by_kind[static_cast<std::size_t>(kind)];
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size < 0.0005) return "0";
  if (size < 1) return fmt::format("{:.3f}", value);
  if (size < 10) return fmt::format("{:.2f}", value);
  if (size < 100) return fmt::format("{:.1f}", value);
  if (size < 9'999.5) return fmt::format("{:.0f}", value);
  if (size < 99'950) return fmt::format("{:.1f}k", value / 1e3);
  if (size < 999'500) return fmt::format("{:.0f}k", value / 1e3);
  // Intervals of two rounds reach further than anything that could be measured.
  if (size >= 1e9) return value > 0 ? "> 1G" : "< -1G";
  return fmt::format("{:.2f}M", value / 1e6);
}

std::optional<table_cell> cell_of(const series& values, std::uint64_t seed) {
  if (values.empty()) return std::nullopt;
  table_cell out{values.median(), values.median(),  values.median(),
                 values.lowest(), values.highest(), values.values.size()};
  const bool has_logarithms = out.lowest > 0;
  auto scaled = values.values;
  if (has_logarithms) {
    for (double& value : scaled)
      value = std::log(value);
  }
  const auto found =
      interval_of_mean(scaled, {level, 1, seed}, has_logarithms ? ratio_resolution : 0);
  if (!found) return out;
  out.low = has_logarithms ? std::exp(found->low) : std::max(0.0, found->low);
  out.high = has_logarithms ? std::exp(found->high) : found->high;
  return out;
}

std::vector<result_table> tables_of(const comparison& what) {
  // Where there is a flood, the same rate for all is for setting its pauses against each other.
  if (!has_kind(what, "flood")) return {table_of(what, table_kind::costs)};
  std::vector<result_table> out{table_of(what, table_kind::flood)};
  if (has_kind(what, "paced")) out.push_back(table_of(what, table_kind::paced));
  return out;
}

std::string to_text(const result_table& table) {
  const auto& shown_as = columns_of(table.kind);
  const auto shown = shown_columns(table, false);
  auto head = fmt::format("{:<{}}", "contender", contender_width);
  auto unit = fmt::format("{:<{}}", "", contender_width);
  for (const auto i : shown) {
    head += fmt::format("{:>{}}", shown_as[i].head, column_width);
    unit += fmt::format("{:>{}}", shown_as[i].unit, column_width);
  }
  auto out = head + "\n" + unit + "\n";
  for (const auto& row : table.rows) {
    auto medians = fmt::format("{:<{}}", row.contender, contender_width);
    auto intervals = fmt::format("{:<{}}", "", contender_width);
    for (const auto i : shown) {
      const auto& cell = row.cells[i];
      medians += fmt::format(
          "{:>{}}", cell ? short_number(cell->median / shown_as[i].shown_per) : "-", column_width);
      intervals += fmt::format("{:>{}}", interval_text(cell, shown_as[i].shown_per), column_width);
    }
    out += medians + "\n" + intervals + "\n";
  }
  return out;
}

json to_json(const result_table& table) {
  json out = {
      {"table", name_of(table.kind)}, {"title", title_of(table.kind)}, {"rows", json::array()}};
  const auto& shown_as = columns_of(table.kind);
  for (const auto& row : table.rows) {
    json figures = json::object();
    for (std::size_t i = 0; i < shown_as.size(); ++i) {
      const auto& cell = row.cells[i];
      figures[shown_as[i].which.key] =
          !cell ? json(nullptr) : json{{"median", cell->median},   {"low", cell->low},
                                       {"high", cell->high},       {"lowest", cell->lowest},
                                       {"highest", cell->highest}, {"rounds", cell->rounds}};
    }
    out["rows"].push_back({{"contender", row.contender}, {"figures", std::move(figures)}});
  }
  return out;
}

}  // namespace tacit::bench
