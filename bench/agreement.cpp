#include "bench/agreement.hpp"

#include <fmt/format.h>
#include <map>
#include <tacit/base/error.hpp>
#include <tuple>

#include "bench/result_table.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;
using rows_by_name = std::map<std::pair<std::string, std::string>, json>;

rows_by_name rows_of(const json& report) {
  if (report.value("kind", "") != "report") {
    throw base::failure{"not the JSON of tacit-bench report"};
  }
  rows_by_name out;
  for (const auto& part : report.at("comparisons")) {
    for (const auto& table : part.at("tables")) {
      for (const auto& row : table.at("rows")) {
        out.emplace(
            std::pair{table.at("table").get<std::string>(), row.at("contender").get<std::string>()},
            row.at("figures"));
      }
    }
  }
  return out;
}

std::optional<table_cell> cell_of(const json& figure) {
  if (figure.is_null()) return std::nullopt;
  table_cell out;
  out.low = figure.at("low").get<double>();
  out.high = figure.at("high").get<double>();
  out.rounds = figure.at("rounds").get<std::size_t>();
  return out.has_interval() ? std::optional{out} : std::nullopt;
}

// In a paced pass the harness sets the rate: half of what the slowest contender carried that day.
bool is_set_by_harness(const std::string& table, const std::string& figure) {
  return table == "paced" && figure == "rate_per_s";
}

// As they are printed: a gap that the tables do not show is none.
bool overlap(const table_cell& first, const table_cell& second) {
  if (first.overlaps(second)) return true;
  const auto [lower, upper] =
      first.high < second.low ? std::tie(first, second) : std::tie(second, first);
  return short_number(lower.high) == short_number(upper.low);
}

void compare_row(const std::pair<std::string, std::string>& name, const json& before,
                 const json& now, agreement& into) {
  for (const auto& [key, value] : before.items()) {
    const auto other = now.find(key);
    if (other == now.end() || is_set_by_harness(name.first, key)) continue;
    const auto first = cell_of(value);
    const auto second = cell_of(*other);
    if (!first || !second) continue;
    ++into.compared;
    if (!overlap(*first, *second)) {
      into.disagreements.push_back(
          {name.first, name.second, key, first->low, first->high, second->low, second->high});
    }
  }
}

std::string row_name(const std::pair<std::string, std::string>& name) {
  return name.first + ", " + name.second;
}

}  // namespace

std::string disagreement::sentence() const {
  return fmt::format("{}, {}, {}: {} to {} before, {} to {} now", table, contender, figure,
                     short_number(before_low), short_number(before_high), short_number(now_low),
                     short_number(now_high));
}

std::string agreement::sentence() const {
  return fmt::format("{} of {} figures agree within their intervals.",
                     compared - disagreements.size(), compared);
}

agreement agree(const json& before, const json& now) {
  try {
    agreement out;
    const auto first = rows_of(before);
    const auto second = rows_of(now);
    for (const auto& [name, figures] : first) {
      const auto other = second.find(name);
      if (other == second.end()) {
        out.only_before.push_back(row_name(name));
      } else {
        compare_row(name, figures, other->second, out);
      }
    }
    for (const auto& [name, figures] : second) {
      if (!first.contains(name)) out.only_now.push_back(row_name(name));
    }
    return out;
  } catch (const json::exception& wrong) {
    throw base::failure{fmt::format("not the JSON of tacit-bench report: {}", wrong.what())};
  }
}

json to_json(const agreement& found) {
  json out = {{"compared", found.compared}, {"disagreements", json::array()}};
  for (const auto& one : found.disagreements) {
    out["disagreements"].push_back({{"table", one.table},
                                    {"contender", one.contender},
                                    {"figure", one.figure},
                                    {"before", {one.before_low, one.before_high}},
                                    {"now", {one.now_low, one.now_high}}});
  }
  out["only_before"] = found.only_before;
  out["only_now"] = found.only_now;
  return out;
}

}  // namespace tacit::bench
