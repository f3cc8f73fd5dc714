#include "bench/page.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <map>

#include "bench/plot.hpp"

namespace tacit::bench {
namespace {

// More columns than this are narrower than a pixel on most screens.
constexpr std::int64_t columns_max = 120;
// Of the heat map, for each power of ten.
constexpr double bands = 8;

constexpr const char* style = R"(
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --faint: #d7dbe0; --a: #0b62c4; --b: #c2410c; --cell: #0b62c4; --grey: #8b929b;
  --good: #0f7b3a; --bad: #b42318 }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --text: #e4e7eb; --faint: #3a4048; --a: #6cb2ff; --b: #ff9f5a;
  --cell: #6cb2ff; --grey: #7d8590; --good: #5fd38d; --bad: #ff8a80 } }
@media print { :root { color-scheme: light; --back: #fff; --text: #000; --faint: #ccc; --a: #0b62c4; --b: #c2410c; --cell: #0b62c4;
  --grey: #888 } }
body { margin: 0 auto; padding: 12px; max-width: 1240px; background: var(--back); color: var(--text); font: 15px/1.45 system-ui, sans-serif }
h1 { font-size: 1.25rem; margin: 0; overflow-wrap: anywhere }
.valid { color: var(--good); font-weight: 600 } .invalid { color: var(--bad); font-weight: 600 }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 370px), 1fr)); gap: 12px }
svg { width: 100%; height: auto; break-inside: avoid } svg text { font: 11px system-ui, sans-serif; fill: var(--text) }
svg .title { font-weight: 600; font-size: 12px } .grid { stroke: var(--faint); stroke-width: .6; fill: none }
.line { fill: none; stroke-width: 1.5 } .line-0 { stroke: var(--a) } .line-1 { stroke: var(--b) }
svg .bar-all { fill: var(--b) } svg .bar-one { fill: var(--a) } svg .bar-not { fill: var(--grey) }
.stack { display: grid; gap: 12px; align-content: start }
svg .name-0 { fill: var(--a) } svg .name-1 { fill: var(--b) } .cell { fill: var(--cell) }
pre { overflow-x: auto; font-size: 12px } @media print { pre { white-space: pre-wrap } }
)";

double ms(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

/// From the smallest to the largest, on whole powers of ten.
plot_axis latency_axis(const observe::histogram& latency, double lowest_ms) {
  const double low = std::pow(10, std::floor(std::log10(std::max(lowest_ms, 1e-3))));
  const double high = std::pow(10, std::ceil(std::log10(std::max(ms(latency.max()), 10 * low))));
  return {"ms", low, high, true, {}};
}

plot_axis time_axis(const outcome& result) {
  return {"s", 0, std::max(result.phase.elapsed_s(), 1.0), false, {}};
}

std::string by_percentile(const outcome& result) {
  const auto& recorded = result.phase.recorded;
  const auto& latency = recorded.latency();
  if (latency.count() == 0) return {};
  // A percentile that less than one request lies beyond says nothing.
  const double nines = std::max(2.0, std::log10(static_cast<double>(latency.count())));
  const plot_axis x{"percentile",
                    0,
                    nines,
                    false,
                    {{0, "0"}, {1, "90"}, {2, "99"}, {3, "99.9"}, {4, "99.99"}, {5, "99.999"}}};
  plot out{"Latency by percentile", x,
           latency_axis(latency, ms(std::min(latency.min(), recorded.service_time().min())))};
  const auto line_of = [&](const observe::histogram& of) {
    plot::points points;
    for (double at = 0; at <= nines; at += nines / 200)
      points.emplace_back(at, ms(of.at_percentile(100 * (1 - std::pow(10, -at)))));
    return points;
  };
  out.add_line("from the due time", line_of(latency));
  out.add_line("from the send", line_of(recorded.service_time()));
  return out.svg();
}

/// Several seconds as one, where there are many.
struct moment {
  double from_s = 0;
  double to_s = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  observe::histogram latency;
};

std::vector<moment> moments_of(const outcome& result) {
  const auto& rows = result.phase.recorded.seconds().rows();
  std::vector<moment> out;
  if (rows.empty()) return out;
  const auto seconds = rows.back().second + 1;
  const auto step = (seconds + columns_max - 1) / columns_max;
  for (std::int64_t from = 0; from < seconds; from += step) {
    out.emplace_back();
    out.back().from_s = static_cast<double>(from);
    out.back().to_s = std::min(static_cast<double>(from + step), result.phase.elapsed_s());
  }
  for (const auto& row : rows) {
    auto& into = out[static_cast<std::size_t>(row.second / step)];
    into.sent += row.sent;
    into.answered += row.answered;
    row.add_latency_to(into.latency);
  }
  return out;
}

std::string rate_over_time(const outcome& result, const std::vector<moment>& moments) {
  plot::points sent;
  plot::points answered;
  double highest = 1;
  for (const auto& one : moments) {
    // The last second is seldom whole, and a sliver of one has no rate.
    const double length = one.to_s - one.from_s;
    if (length < 0.1) continue;
    const double middle = (one.from_s + one.to_s) / 2;
    sent.emplace_back(middle, static_cast<double>(one.sent) / length);
    answered.emplace_back(middle, static_cast<double>(one.answered) / length);
    highest = std::max({highest, sent.back().second, answered.back().second});
  }
  plot out{"Rate over time", time_axis(result), {"requests/s", 0, 1.1 * highest, false, {}}};
  out.add_line("answered", answered);
  out.add_line("sent", sent);
  return out.svg();
}

std::string latency_over_time(const outcome& result, const std::vector<moment>& moments) {
  plot::points p50;
  plot::points p99;
  double lowest = 1e12;
  for (const auto& one : moments) {
    if (one.answered == 0) continue;
    const double middle = (one.from_s + one.to_s) / 2;
    p50.emplace_back(middle, ms(one.latency.at_percentile(50)));
    p99.emplace_back(middle, ms(one.latency.at_percentile(99)));
    lowest = std::min(lowest, p50.back().second);
  }
  plot out{"Latency over time, from the due time", time_axis(result),
           latency_axis(result.phase.recorded.latency(), lowest)};
  out.add_line("p50", p50);
  out.add_line("p99", p99);
  return out.svg();
}

/// Which of the kinds of bars a pause is.
enum class bar_kind { not_the_targets, some, all };

bar_kind kind_of(const seen_pause& one) {
  if (one.origin != pause_origin::target) return bar_kind::not_the_targets;
  return one.scope == pause_scope::all ? bar_kind::all : bar_kind::some;
}

/// Of several pauses within a pixel only the longest could be seen.
std::vector<plot::bar> bars_of(const outcome& result, bar_kind kind, double length_s) {
  constexpr double pixels = 320;
  std::map<int, plot::bar> by_pixel;
  for (const auto& one : result.pauses->pauses) {
    if (kind_of(one) != kind) continue;
    const double at = static_cast<double>(one.when.start_ns - result.phase.start_ns) / 1e9;
    const double ms_long = static_cast<double>(one.when.length_ns()) / 1e6;
    auto& bar = by_pixel[static_cast<int>(pixels * at / length_s)];
    if (ms_long > bar.height) bar = {at, at + ms_long / 1e3, ms_long};
  }
  std::vector<plot::bar> out;
  for (const auto& [pixel, bar] : by_pixel)
    out.push_back(bar);
  return out;
}

std::string pauses_over_time(const outcome& result) {
  const auto axis = time_axis(result);
  double highest = 1;
  for (const auto& one : result.pauses->pauses)
    highest = std::max(highest, static_cast<double>(one.when.length_ns()) / 1e6);
  plot out{"Pauses over time",
           axis,
           {"ms", 0.1, std::pow(10, std::ceil(std::log10(highest) + 1e-9)), true, {}}};
  out.add_bars("all stalled", "all", bars_of(result, bar_kind::all, axis.high));
  out.add_bars("one", "one", bars_of(result, bar_kind::some, axis.high));
  out.add_bars("not the target's", "not", bars_of(result, bar_kind::not_the_targets, axis.high));
  return out.svg();
}

/// Which band of the heat map a latency lies in.
int band_of(std::uint64_t ns) {
  return static_cast<int>(std::floor(bands * std::log10(std::max(ms(ns), 1e-6))));
}

std::string heat_map(const outcome& result, const std::vector<moment>& moments) {
  const auto& latency = result.phase.recorded.latency();
  plot out{"Latency, heat map", time_axis(result), latency_axis(latency, ms(latency.min()))};
  for (const auto& one : moments) {
    std::map<int, std::uint64_t> counts;
    const auto slots = one.latency.slots();
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      if (slots[slot] > 0) counts[band_of(one.latency.lowest_in_slot(slot))] += slots[slot];
    }
    for (const auto& [band, count] : counts) {
      // Single slow requests are what one looks for: the shade is that of the logarithm.
      const double share =
          std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(one.answered));
      out.add_cell(one.from_s, one.to_s, std::pow(10, band / bands),
                   std::pow(10, (band + 1) / bands), std::max(0.08, share));
    }
  }
  return out.svg();
}

std::string cpu_over_time(const outcome& result) {
  plot::points cpus;
  double highest = 1;
  const auto& moments = result.spent.over_time;
  for (std::size_t i = 1; i < moments.size(); ++i) {
    const auto length = static_cast<double>(moments[i].at_ns - moments[i - 1].at_ns);
    if (length <= 0) continue;
    const double at = static_cast<double>(moments[i].at_ns - result.phase.start_ns) / 1e9;
    cpus.emplace_back(at, static_cast<double>(moments[i].cpu_ns - moments[i - 1].cpu_ns) / length);
    highest = std::max(highest, cpus.back().second);
  }
  plot out{"The target's CPU", time_axis(result), {"CPUs", 0, 1.1 * highest, false, {}}};
  out.add_line("used", cpus);
  return out.svg();
}

std::string memory_over_time(const outcome& result) {
  plot::points megabytes;
  double highest = 1;
  for (const auto& one : result.spent.over_time) {
    megabytes.emplace_back(static_cast<double>(one.at_ns - result.phase.start_ns) / 1e9,
                           static_cast<double>(one.rss_bytes) / 1e6);
    highest = std::max(highest, megabytes.back().second);
  }
  plot out{"The target's memory", time_axis(result), {"MB resident", 0, 1.1 * highest, false, {}}};
  out.add_line("resident", megabytes);
  return out.svg();
}

std::string verdict_text(const verdict& judged) {
  if (judged.is_valid()) return "<p class=\"valid\">valid</p>\n";
  std::string out;
  for (const auto& reason : judged.invalid_reasons)
    out += fmt::format("<p class=\"invalid\">INVALID: {}</p>\n", escaped(reason.text));
  return out;
}

}  // namespace

const char* page_style() noexcept {
  return style;
}

std::string to_page(const outcome& result, const run_title& title) {
  const auto moments = moments_of(result);
  std::string plots = by_percentile(result);
  if (!moments.empty()) {
    plots += rate_over_time(result, moments);
    const auto latency = latency_over_time(result, moments);
    plots += result.pauses
                 ? "<div class=\"stack\">\n" + latency + pauses_over_time(result) + "</div>\n"
                 : latency;
    plots += heat_map(result, moments);
  }
  if (result.spent.over_time.size() > 1) plots += cpu_over_time(result) + memory_over_time(result);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
      "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" "
      "href=\"data:,\">\n<title>{0} {1}</title>\n<style>{2}</style>\n</head>\n<body>\n<h1>{0} "
      "{1}</h1>\n<p>{3}</p>\n{4}<div "
      "class=\"plots\">\n{5}</div>\n<pre>{6}</pre>\n</body>\n</html>\n",
      escaped(title.kind), escaped(title.target), style, escaped(title.load),
      verdict_text(result.judged), plots, escaped(to_table(result, title)));
}

}  // namespace tacit::bench
