#include "bench/comparison_report.hpp"

#include <fmt/format.h>

#include "bench/attribution.hpp"
#include "bench/sentences.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr int name_width = 16;
constexpr int cell_width = 10;

column column_at(std::size_t index) {
  return static_cast<column>(index);
}

std::string head_rows() {
  std::string head = fmt::format("{:<{}}", "contender", name_width);
  std::string unit = fmt::format("{:<{}}", "", name_width);
  for (std::size_t i = 0; i < columns; ++i) {
    head += fmt::format("{:>{}}", text_of(column_at(i)).head, cell_width);
    unit += fmt::format("{:>{}}", text_of(column_at(i)).unit, cell_width);
  }
  return head + "\n" + unit + "\n";
}

/// The medians, and below them half of the range as a share of the median.
std::string rows_of(const competitor& c) {
  std::string medians = fmt::format("{:<{}.{}}", c.name, name_width, name_width - 1);
  std::string spreads = fmt::format("{:<{}}", "  +/-", name_width);
  for (std::size_t i = 0; i < columns; ++i) {
    const auto figures = c.over_rounds(column_at(i));
    medians += fmt::format("{:>{}}", figures.empty() ? "-" : number(column_at(i), figures.median()),
                           cell_width);
    const double half = figures.values.size() < 2 ? 0 : (figures.highest() - figures.lowest()) / 2;
    spreads += fmt::format("{:>{}}",
                           figures.values.size() < 2 || figures.median() <= 0
                               ? "-"
                               : fmt::format("{:.0f} %", 100 * half / figures.median()),
                           cell_width);
  }
  return medians + "\n" + spreads + "\n";
}

/// Errors, and passes that were left out.
std::string pass_remarks(const comparison& what) {
  std::string out;
  for (const auto& c : what.competitors) {
    const auto d = c.disturbed();
    if (d.disturbed > 0 && d.disturbed * 2 < d.passes) {
      out += fmt::format("Left out: {}: {} of {} passes, disturbed, such as: {}\n", c.name,
                         d.disturbed, d.passes, d.example);
    }
    for (std::size_t round = 0; round < c.rounds.size(); ++round) {
      for (const auto& p : c.rounds[round]) {
        if (p.errors == 0) continue;
        out += fmt::format("Errors: {}, round {}, {}: {}\n", c.name, round + 1, p.kind, p.errors);
        for (const auto& example : p.error_examples)
          out += fmt::format("  - {}\n", example);
      }
    }
  }
  return out;
}

std::string difference_rows(const comparison& what) {
  const auto found = what.differences();
  if (found.empty()) return {};
  std::string out =
      "Differences (intervals of 99 % for all of them at once, over paired rounds):\n";
  for (const auto& one : found)
    out += "  " + one.sentence() + "\n";
  return out;
}

/// What threads and allocation do, each for itself, where all four cells take part.
std::string attribution_rows(const comparison& what) {
  const auto parts = attribute(what);
  if (parts.empty()) return {};
  std::string out =
      "The four cells split into the effect of threads (against coroutines), of heap (against "
      "arena) and\ntheir interaction; intervals of 99 % for all of them at once, over paired "
      "rounds:\n";
  for (const auto& part : parts)
    out += "  " + part.sentence() + "\n";
  for (const auto& text : attribution_summary(parts))
    out += text + "\n";
  return out + "\n";
}

json differences_json(const comparison& what) {
  json out = json::array();
  for (const auto& one : what.differences()) {
    out.push_back({{"contender", one.contender},
                   {"reference", one.reference},
                   {"figure", text_of(one.which).key},
                   {"ratio", one.found.ratio},
                   {"low", one.found.low},
                   {"high", one.found.high},
                   {"pairs", one.found.blocks},
                   {"is_shown", one.found.is_shown()}});
  }
  return out;
}

std::string request_counts(const comparison& what) {
  std::string out;
  for (const auto& c : what.competitors) {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    for (const auto& round : c.rounds) {
      for (const auto& p : round) {
        sent += p.document["counts"]["sent"].get<std::uint64_t>();
        answered += p.document["counts"]["answered"].get<std::uint64_t>();
      }
    }
    out +=
        fmt::format("{}{} {} sent, {} answered", out.empty() ? "" : "; ", c.name, sent, answered);
  }
  return out;
}

json competitor_json(const competitor& c) {
  json out = {{"name", c.name}, {"median", json::object()}, {"spread", json::object()}};
  for (std::size_t i = 0; i < columns; ++i) {
    const auto figures = c.over_rounds(column_at(i));
    const auto* key = text_of(column_at(i)).key;
    out["median"][key] = figures.empty() ? json(nullptr) : json(figures.median());
    out["spread"][key] = figures.empty()
                             ? json(nullptr)
                             : json({{"min", figures.lowest()}, {"max", figures.highest()}});
  }
  out["rounds"] = json::array();
  for (const auto& round : c.rounds) {
    json passes = json::object();
    for (const auto& p : round)
      passes[p.kind] = p.document;
    out["rounds"].push_back(std::move(passes));
  }
  return out;
}

}  // namespace

std::string to_table(const comparison& what) {
  const std::size_t rounds = what.competitors.empty() ? 0 : what.competitors.front().rounds.size();
  auto out = fmt::format("workload  {}\nload      {}\n", what.workload, what.load);
  for (const auto& reason : what.invalid_reasons())
    out += fmt::format("INVALID   {}\n", reason);
  out += "\n" + head_rows();
  for (const auto& c : what.competitors)
    out += rows_of(c);
  out += rounds < 2 ? "One round: no spread is known.\n"
                    : fmt::format("Medians of {} rounds; +/- is half of the range.\n", rounds);
  out += fmt::format("Requests: {}; {} errors.\n", request_counts(what), what.errors());
  for (const auto& skipped : what.skipped)
    out += fmt::format("Skipped: {}\n", skipped);
  for (const auto& note : what.notes)
    out += fmt::format("Note: {}\n", note);
  out += "\n" + difference_rows(what) + attribution_rows(what);
  for (const auto& text : sentences(what))
    out += text + "\n";
  for (const auto& text : cpu_ratios(what))
    out += text + "\n";
  for (const auto& text : latency_ratios(what))
    out += text + "\n";
  return out + pass_remarks(what);
}

json to_json(const comparison& what) {
  json out;
  out["schema"] = 1;
  out["kind"] = "compare";
  out["valid"] = what.invalid_reasons().empty();
  out["invalid_reasons"] = what.invalid_reasons();
  out["workload"] = what.workload;
  out["load"] = what.load;
  out["paced_rate_per_s"] = what.paced_rate_per_s ? json(*what.paced_rate_per_s) : json(nullptr);
  out["errors"] = what.errors();
  out["skipped"] = what.skipped;
  out["notes"] = what.notes;
  out["contenders"] = json::array();
  for (const auto& c : what.competitors)
    out["contenders"].push_back(competitor_json(c));
  out["differences"] = differences_json(what);
  const auto parts = attribute(what);
  out["attribution"] = to_json(parts);
  out["attribution_summary"] = attribution_summary(parts);
  out["sentences"] = sentences(what);
  out["cpu_ratios"] = cpu_ratios(what);
  out["latency_ratios"] = latency_ratios(what);
  return out;
}

}  // namespace tacit::bench
