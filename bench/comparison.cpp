#include "bench/comparison.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "bench/report.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

struct column_text {
  const char* key;      // in JSON
  const char* head;     // of the table
  const char* unit;     // second line of the head
  const char* subject;  // of its sentence
  const char* measure;  // behind a number in its sentence
  bool more_is_better = false;
  int decimals = 1;
};

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

double shown(column which, double value) {
  return which == column::rss ? value / 1e6 : value;
}

std::string number(column which, double value) {
  return fmt::format("{:.{}f}", shown(which, value), text_of(which).decimals);
}

column column_at(std::size_t index) {
  return static_cast<column>(index);
}

}  // namespace

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

pass to_pass(const outcome& result, std::string kind) {
  pass out;
  out.kind = std::move(kind);
  out.document = to_json(result);
  const auto& server = out.document["server"];
  const auto& latency = out.document["latency_us"];
  const auto set = [&](column which, const json& value) {
    if (value.is_number()) out.figures[static_cast<std::size_t>(which)] = value.get<double>();
  };
  set(column::throughput, out.document["rate_per_s"]);
  set(column::latency_p50, latency["p50"]);
  set(column::latency_p99, latency["p99"]);
  set(column::latency_p99_9, latency["p99_9"]);
  set(column::cpu, server["cpu_us_per_request"]);
  set(column::allocations, server["allocations_per_request"]);
  set(column::allocated_bytes, server["allocated_bytes_per_request"]);
  set(column::switches, server["context_switches_per_request"]);
  set(column::rss, server["rss_peak_bytes"]);
  set(column::threads, server["threads_peak"]);
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

// ---- sentences ---------------------------------------------------------------------------------

namespace {

struct standing {
  const competitor* who;
  series figures;
};

std::string amount(column which, const standing& s) {
  const auto* measure = text_of(which).measure;
  return fmt::format("{}{}{}", number(which, s.figures.median()), *measure == 0 ? "" : " ",
                     measure);
}

/// How the best relates to the worst: a factor where there is one.
std::string relation(column which, const standing& best, const standing& worst) {
  const double a = best.figures.median();
  const double b = worst.figures.median();
  if (a <= 0 || b <= 0) {
    return fmt::format("{} against {} of {}", amount(which, best), amount(which, worst),
                       worst.who->name);
  }
  const double share = a / b;
  // "0.00 times" would be no sentence.
  const auto times =
      share >= 0.01 ? fmt::format("{:.2f}", share) : fmt::format("1/{:.0f}", 1 / share);
  return fmt::format("{} times that of {} ({} against {})", times, worst.who->name,
                     amount(which, best), amount(which, worst));
}

bool overlap(const series& a, const series& b) {
  return a.lowest() <= b.highest() && b.lowest() <= a.highest();
}

/// The best one's name, and of those that its rounds do not tell it apart from.
std::string leaders(const standing& best, const std::vector<standing>& all) {
  std::string level;
  for (const auto& other : all) {
    if (other.who == best.who || !overlap(other.figures, best.figures)) continue;
    level += (level.empty() ? "" : " and ") + other.who->name;
  }
  return level.empty() ? best.who->name : fmt::format("{}, level with {},", best.who->name, level);
}

std::vector<standing> standings(const comparison& what, column which) {
  std::vector<standing> out;
  for (const auto& c : what.competitors) {
    auto figures = c.over_rounds(which);
    if (!figures.empty()) out.push_back({&c, std::move(figures)});
  }
  return out;
}

std::string sentence(const comparison& what, column which) {
  const auto& text = text_of(which);
  const auto known = standings(what, which);
  if (known.empty()) return fmt::format("{}: not known for any contender.", text.subject);
  if (known.size() == 1) {
    return fmt::format("{}: {} has {}; nothing to compare it with.", text.subject,
                       known.front().who->name, amount(which, known.front()));
  }
  const auto [low, high] = std::minmax_element(
      known.begin(), known.end(),
      [](const auto& a, const auto& b) { return a.figures.median() < b.figures.median(); });
  const standing& best = text.more_is_better ? *high : *low;
  const standing& worst = text.more_is_better ? *low : *high;
  if (low->figures.lowest() == high->figures.highest()) {
    return fmt::format("{}: the same for all, {}.", text.subject, amount(which, best));
  }
  const char* rank = text.more_is_better ? "has the highest" : "has the lowest";
  if (std::min(best.figures.values.size(), worst.figures.values.size()) < 2) {
    return fmt::format("{}: {} {}, {}, in one round, so no spread is known.", text.subject,
                       best.who->name, rank, relation(which, best, worst));
  }
  if (overlap(low->figures, high->figures)) {
    return fmt::format("{}: no difference shown; the rounds of {} ({}) and {} ({}) overlap.",
                       text.subject, best.who->name, amount(which, best), worst.who->name,
                       amount(which, worst));
  }
  return fmt::format("{}: {} {}, {}; their rounds do not overlap.", text.subject,
                     leaders(best, known), rank, relation(which, best, worst));
}

}  // namespace

std::vector<std::string> sentences(const comparison& what) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < columns; ++i)
    out.push_back(sentence(what, column_at(i)));
  return out;
}

std::vector<std::string> cpu_ratios(const comparison& what, const std::string& reference) {
  std::vector<std::string> out;
  const auto base = std::find_if(what.competitors.begin(), what.competitors.end(),
                                 [&](const auto& c) { return c.name == reference; });
  if (base == what.competitors.end()) return out;
  const auto divisors = base->over_rounds(column::cpu).values;
  for (const auto& c : what.competitors) {
    const auto own = c.over_rounds(column::cpu).values;
    // With a disturbed round left out on one side the pairs would be of different rounds.
    if (c.name == reference || own.size() != divisors.size() || own.empty()) continue;
    series ratios;
    for (std::size_t i = 0; i < own.size(); ++i)
      ratios.values.push_back(own[i] / divisors[i]);
    out.push_back(fmt::format(
        "CPU per request, {} / {}: {:.3f} (median of {} rounds, {:.3f} to {:.3f}).", c.name,
        reference, ratios.median(), own.size(), ratios.lowest(), ratios.highest()));
  }
  return out;
}

// ---- table and JSON ----------------------------------------------------------------------------

namespace {

constexpr int name_width = 16;
constexpr int cell_width = 10;

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
  out += "\n";
  for (const auto& text : sentences(what))
    out += text + "\n";
  for (const auto& text : cpu_ratios(what, "nginx"))
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
  out["contenders"] = json::array();
  for (const auto& c : what.competitors)
    out["contenders"].push_back(competitor_json(c));
  out["sentences"] = sentences(what);
  out["cpu_ratios"] = cpu_ratios(what, "nginx");
  return out;
}

}  // namespace tacit::bench
