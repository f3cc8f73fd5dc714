#include "bench/contest_page.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "bench/attribution.hpp"
#include "bench/page.hpp"
#include "bench/plot.hpp"
#include "bench/result_table.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* own_style = R"(
h2 { font-size: 1.1rem; margin: 1.4em 0 .3em } h3 { font-size: .95rem; margin: .8em 0 0 }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { padding: 2px 8px; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap }
th:first-child, td:first-child { text-align: left } td small { opacity: .7; display: block } .timelines svg { display: block }
)";

/// The passes of a contender that are drawn, put one behind the other.
struct stretch {
  double begin_s = 0;
  const json* document = nullptr;
};

struct timeline_of_passes {
  std::vector<stretch> passes;
  double end_s = 0;
};

timeline_of_passes timeline_of(const competitor& who, const std::string& kind) {
  timeline_of_passes out;
  for (const auto& round : who.rounds) {
    for (const auto& p : round) {
      if (p.kind != kind) continue;
      out.passes.push_back({out.end_s, &p.document});
      out.end_s += std::max(1.0, std::ceil(p.document.value("duration_s", 1.0)));
    }
  }
  return out;
}

plot_axis time_axis(const timeline_of_passes& over) {
  return {"s, the rounds one behind the other", 0, over.end_s, false, {}};
}

// The same for all contenders, so that they can be set against each other by eye.
plot_axis length_axis() {
  return {"ms", 0.01, 1'000, true, {}};
}

std::string latency_plot(const timeline_of_passes& over) {
  plot out{"Latency, from the due time", time_axis(over), length_axis()};
  plot::points p50;
  plot::points p99;
  for (const auto& one : over.passes) {
    if (!one.document->contains("seconds")) continue;
    for (const auto& row : one.document->at("seconds")) {
      const double at = one.begin_s + row.at("second").get<double>() + 0.5;
      const auto ms = [&](const char* key) { return row.at(key).get<double>() / 1e3; };
      p50.emplace_back(at, ms("p50_us"));
      p99.emplace_back(at, ms("p99_us"));
      // What the slowest request of the second took, as a shade above p99.
      out.add_cell(at - 0.5, at + 0.5, ms("p99_us"), std::max(ms("max_us"), ms("p99_us")), 0.15);
    }
  }
  out.add_line("p50", p50);
  out.add_line("p99 (shaded: up to the slowest)", p99);
  return out.svg();
}

std::string pause_plot(const timeline_of_passes& over) {
  plot out{"Pauses seen by the probe", time_axis(over), length_axis()};
  const json::json_pointer where{"/pauses/probe/pauses"};
  // Two pixels: a pause of a millisecond would not be seen.
  const double width_min = over.end_s / 160;
  for (const auto& one : over.passes) {
    if (!one.document->contains(where)) continue;
    for (const auto& pause : one.document->at(where)) {
      if (pause.value("origin", "target") != "target") continue;
      const double ms = pause.at("length_us").get<double>() / 1e3;
      const double at = one.begin_s + pause.at("start_s").get<double>();
      out.add_cell(at, at + std::max(ms / 1e3, width_min), 0.01, ms, 0.8);
    }
  }
  return out.svg();
}

std::string timelines(const comparison& what, const std::string& kind) {
  std::string out;
  for (const auto& c : what.competitors) {
    const auto over = timeline_of(c, kind);
    if (over.passes.empty()) continue;
    out += fmt::format("<div class=\"timelines\"><h3>{}</h3>\n{}{}</div>\n", escaped(c.name),
                       latency_plot(over), pause_plot(over));
  }
  return out.empty() ? out : "<div class=\"plots\">\n" + out + "</div>\n";
}

std::string cell_html(const std::optional<table_cell>& cell, double shown_per) {
  if (!cell) return "<td>-</td>";
  return fmt::format("<td>{}<small>{}</small></td>", short_number(cell->median / shown_per),
                     cell->has_interval()
                         ? fmt::format("{} to {}", short_number(cell->low / shown_per),
                                       short_number(cell->high / shown_per))
                         : "");
}

std::string table_html(const result_table& table) {
  const auto& shown_as = columns_of(table.kind);
  std::string out = "<div class=\"scroll\"><table>\n<tr><th></th>";
  for (const auto& column : shown_as)
    out += fmt::format("<th>{}<br>{}</th>", escaped(column.head), escaped(column.unit));
  out += "</tr>\n";
  for (const auto& row : table.rows) {
    out += fmt::format("<tr><td>{}</td>", escaped(row.contender));
    for (std::size_t i = 0; i < shown_as.size(); ++i)
      out += cell_html(row.cells[i], shown_as[i].shown_per);
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string contest_html(const stored_contest& contest) {
  std::string out =
      fmt::format("<p>{}<br>{}</p>\n", escaped(contest.what.workload), escaped(contest.what.load));
  for (const auto& reason : contest.invalid_reasons)
    out += fmt::format("<p class=\"invalid\">INVALID: {}</p>\n", escaped(reason));
  for (const auto& skipped : contest.what.skipped)
    out += fmt::format("<p>Skipped: {}</p>\n", escaped(skipped));
  for (const auto& table : tables_of(contest.what)) {
    out +=
        fmt::format("<h2>{}</h2>\n{}{}", title_of(table.kind), table_html(table),
                    timelines(contest.what, table.kind == table_kind::flood ? "flood" : "paced"));
  }
  const auto parts = attribute(contest.what);
  if (parts.empty()) return out;
  out += "<h2>What threads and what allocation do, each for itself</h2>\n<ul>\n";
  for (const auto& text : attribution_summary(parts))
    out += fmt::format("<li>{}</li>\n", escaped(text));
  for (const auto& part : parts)
    out += fmt::format("<li>{}</li>\n", escaped(part.sentence()));
  return out + "</ul>\n";
}

}  // namespace

std::string to_page(const std::vector<stored_contest>& all, const std::string& title,
                    const std::string& head, const std::string& text) {
  std::string parts;
  for (const auto& one : all)
    parts += contest_html(one);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
      "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" "
      "href=\"data:,\">\n<title>{0}</title>\n<style>{1}{2}</style>\n</head>\n<body>\n"
      "<h1>{0}</h1>\n<pre>{3}</pre>\n{4}<pre>{5}</pre>\n</body>\n</html>\n",
      escaped(title), page_style(), own_style, escaped(head), parts, escaped(text));
}

}  // namespace tacit::bench
