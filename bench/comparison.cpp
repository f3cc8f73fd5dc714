#include "bench/comparison.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "bench/report.hpp"

namespace tacit::bench {
using json = nlohmann::ordered_json;

const column_text& text_of(column which) {
  static constexpr std::array<column_text, columns> texts = {{
      {"throughput_per_s", "requests", "/s", "Throughput", "requests/s", true, 0},
      {"latency_p50_us", "p50", "us", "Median latency from the due time", "us"},
      {"latency_p99_us", "p99", "us", "p99 latency from the due time", "us"},
      {"latency_p99_9_us", "p99.9", "us", "p99.9 latency from the due time", "us"},
      {"cpu_us_per_request", "CPU", "us/req", "CPU per request", "us", false, 2},
      {"allocations_per_request", "allocs", "/req", "Allocations per request", "", false, 3},
      {"allocated_bytes_per_request", "bytes", "/req", "Bytes allocated per request", "bytes"},
      {"context_switches_per_request", "switches", "/req", "Context switches per request", "",
       false, 3},
      {"rss_peak_bytes", "RSS", "MB", "Peak RSS", "MB"},
      {"threads_peak", "threads", "peak", "Threads", "", false, 0},
  }};
  return texts[static_cast<std::size_t>(which)];
}

std::string number(column which, double value) {
  // Memory is kept in bytes and shown in MB.
  return fmt::format("{:.{}f}", which == column::rss ? value / 1e6 : value,
                     text_of(which).decimals);
}

// ---- figures -----------------------------------------------------------------------------------

double series::median() const {
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const auto middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double series::lowest() const {
  return *std::min_element(values.begin(), values.end());
}

double series::highest() const {
  return *std::max_element(values.begin(), values.end());
}

bool pass::is_disturbed() const noexcept {
  return std::any_of(invalid_reasons.begin(), invalid_reasons.end(),
                     [](const auto& reason) { return reason.is_disturbance; });
}

namespace {

// A comparison has dozens of passes: of each its longest pauses are enough to draw it.
constexpr std::size_t pauses_kept = 200;

json seconds_json(const timeline& seconds) {
  json out = json::array();
  observe::histogram latency;
  for (const auto& row : seconds.rows()) {
    latency.reset();
    row.add_latency_to(latency);
    if (row.answered == 0) continue;
    const auto us = [&](double percent) {
      return static_cast<double>(latency.at_percentile(percent)) / 1e3;
    };
    out.push_back({{"second", row.second},
                   {"answered", row.answered},
                   {"p50_us", us(50)},
                   {"p99_us", us(99)},
                   {"max_us", static_cast<double>(row.latency_ns_max) / 1e3}});
  }
  return out;
}

void keep_longest(json& pauses) {
  if (!pauses.is_array() || pauses.size() <= pauses_kept) return;
  std::vector<json> all(pauses.begin(), pauses.end());
  std::nth_element(all.begin(), all.begin() + pauses_kept, all.end(),
                   [](const json& a, const json& b) {
                     return a["length_us"].get<double>() > b["length_us"].get<double>();
                   });
  all.resize(pauses_kept);
  std::sort(all.begin(), all.end(), [](const json& a, const json& b) {
    return a["start_s"].get<double>() < b["start_s"].get<double>();
  });
  pauses = all;
}

}  // namespace

void set_figures(pass& out) {
  static constexpr std::array<const char*, columns> pointers{"/rate_per_s",
                                                             "/latency_us/p50",
                                                             "/latency_us/p99",
                                                             "/latency_us/p99_9",
                                                             "/server/cpu_us_per_request",
                                                             "/server/allocations_per_request",
                                                             "/server/allocated_bytes_per_request",
                                                             "/server/context_switches_per_request",
                                                             "/server/rss_peak_bytes",
                                                             "/server/threads_peak"};
  for (std::size_t i = 0; i < columns; ++i) {
    const json::json_pointer where{pointers[i]};
    if (!out.document.contains(where)) continue;
    const auto& value = out.document.at(where);
    if (value.is_number()) out.figures[i] = value.get<double>();
  }
}

pass to_pass(const outcome& result, std::string kind) {
  pass out;
  out.kind = std::move(kind);
  out.document = to_json(result);
  out.document["seconds"] = seconds_json(result.phase.recorded.seconds());
  auto& probe = out.document["pauses"]["probe"];
  if (probe.is_object() && probe.contains("pauses")) keep_longest(probe["pauses"]);
  set_figures(out);
  out.errors = result.phase.recorded.counts.errors_total();
  out.error_examples = result.phase.recorded.examples();
  out.invalid_reasons = result.judged.invalid_reasons;
  return out;
}

namespace {

/// The figure of one round; nullopt when no pass that counts has it.
std::optional<double> figure_of(const std::vector<pass>& passes, column which,
                                bool with_disturbed) {
  const std::string preferred = which == column::throughput ? "capacity" : "paced";
  const bool takes_highest = which == column::rss || which == column::threads;
  std::optional<double> figure;
  for (const auto& p : passes) {
    const auto& candidate = p.figures[static_cast<std::size_t>(which)];
    const bool is_wanted = takes_highest || passes.size() == 1 || p.kind == preferred;
    if (!candidate || !is_wanted || (p.is_disturbed() && !with_disturbed)) continue;
    figure = figure ? std::max(*figure, *candidate) : *candidate;
  }
  return figure;
}

series figures_of(const competitor& c, column which, bool with_disturbed) {
  series out;
  for (const auto& passes : c.rounds) {
    if (const auto figure = figure_of(passes, which, with_disturbed)) out.values.push_back(*figure);
  }
  return out;
}

}  // namespace

series competitor::over_rounds(column which) const {
  auto out = figures_of(*this, which, false);
  return out.empty() ? figures_of(*this, which, true) : out;
}

std::optional<difference> paired_difference(const competitor& from, const competitor& to,
                                            column which, const confidence& asked) {
  for (const bool with_disturbed : {false, true}) {
    series mine;
    series theirs;
    for (std::size_t i = 0; i < std::min(from.rounds.size(), to.rounds.size()); ++i) {
      const auto before = figure_of(from.rounds[i], which, with_disturbed);
      const auto after = figure_of(to.rounds[i], which, with_disturbed);
      if (!before || !after) continue;
      mine.values.push_back(*before);
      theirs.values.push_back(*after);
    }
    if (!mine.empty()) return bench::paired_difference(mine.values, theirs.values, asked);
  }
  return std::nullopt;
}

std::string named_difference::sentence() const {
  return fmt::format("{}, {} against {}: {}, {} pairs.", text_of(which).subject, contender,
                     reference, found.sentence(), found.blocks);
}

disturbance competitor::disturbed() const {
  disturbance out;
  for (const auto& round : rounds) {
    for (const auto& p : round) {
      ++out.passes;
      if (!p.is_disturbed()) continue;
      ++out.disturbed;
      for (const auto& reason : p.invalid_reasons) {
        if (reason.is_disturbance) out.example = reason.text;
      }
    }
  }
  return out;
}

std::vector<std::string> comparison::invalid_reasons() const {
  std::vector<std::string> out;
  for (const auto& c : competitors) {
    const auto d = c.disturbed();
    if (d.disturbed > 0 && d.disturbed * 2 >= d.passes) {
      out.push_back(fmt::format("{}: {} of {} passes were disturbed, such as: {}", c.name,
                                d.disturbed, d.passes, d.example));
    }
    for (std::size_t round = 0; round < c.rounds.size(); ++round) {
      for (const auto& p : c.rounds[round]) {
        for (const auto& reason : p.invalid_reasons) {
          if (!reason.is_disturbance) {
            out.push_back(
                fmt::format("{}, round {}, {}: {}", c.name, round + 1, p.kind, reason.text));
          }
        }
      }
    }
  }
  return out;
}

std::vector<named_difference> comparison::differences() const {
  std::vector<named_difference> out;
  if (competitors.size() < 2) return out;
  const auto& first = competitors.front();
  const auto family = static_cast<unsigned>(headlines.size() * (competitors.size() - 1));
  for (std::size_t i = 1; i < competitors.size(); ++i) {
    for (const auto which : headlines) {
      const auto found = paired_difference(first, competitors[i], which, {0.99, family, seed});
      if (found) out.push_back({competitors[i].name, first.name, which, *found});
    }
  }
  return out;
}

std::uint64_t comparison::errors() const noexcept {
  std::uint64_t total = 0;
  for (const auto& c : competitors) {
    for (const auto& round : c.rounds) {
      for (const auto& p : round)
        total += p.errors;
    }
  }
  return total;
}

}  // namespace tacit::bench
