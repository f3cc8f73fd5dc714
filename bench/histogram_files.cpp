#include "bench/histogram_files.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <tacit/base/error.hpp>

#include "bench/formats/hgrm.hpp"
#include "bench/formats/hlog.hpp"
#include "bench/output_file.hpp"

namespace tacit::bench {
namespace {

std::string log_of(const phase_result& phase) {
  auto out = formats::hlog_head(phase.start_unix_s);
  observe::histogram second;
  for (const auto& row : phase.recorded.seconds().rows()) {
    if (row.latency.empty()) continue;
    second.reset();
    row.add_latency_to(second);
    out += formats::hlog_line({"", static_cast<double>(row.second), 1}, second);
  }
  const double whole_s = phase.elapsed_s();
  out += formats::hlog_line({"service_time", 0, whole_s}, phase.recorded.service_time());
  return out + formats::hlog_line({"schedule_lag", 0, whole_s}, phase.recorded.schedule_lag());
}

std::string text_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    throw base::failure{fmt::format("{}: cannot read, or empty", path)};
  }
  return std::move(text).str();
}

/// What the logs hold by tag, the time of their first interval first.
struct sums {
  std::map<std::string, observe::histogram, std::less<>> by_tag;
  double start_s = 0;
  double end_s = 0;
  bool is_empty = true;

  void add(const formats::hlog_interval& interval, const observe::histogram& values) {
    by_tag[std::string{interval.tag}].merge(values);
    start_s = is_empty ? interval.start_s : std::min(start_s, interval.start_s);
    end_s = is_empty ? interval.start_s + interval.length_s
                     : std::max(end_s, interval.start_s + interval.length_s);
    is_empty = false;
  }
};

void show(const sums& what) {
  fmt::print("{:<20}{:>12}{:>12}{:>12}{:>12}{:>12}{:>13}\n", "us", "count", "p50", "p90", "p99",
             "p99.9", "max");
  for (const auto& [tag, values] : what.by_tag) {
    fmt::print("{:<20}{:>12}", tag.empty() ? "-" : tag, values.count());
    for (const double percentile : {50.0, 90.0, 99.0, 99.9})
      fmt::print("{:>12.3f}", static_cast<double>(values.at_percentile(percentile)) / 1e3);
    fmt::print("{:>13.3f}\n", static_cast<double>(values.max()) / 1e3);
  }
}

void show(const formats::percentile_distribution& what, const std::string& path) {
  fmt::print("{} (in the unit of the file)\n{:<20}{:>12}", path, "", what.count);
  for (const double percentile : {50.0, 90.0, 99.0, 99.9})
    fmt::print("{:>12.3f}", what.at_percentile(percentile));
  fmt::print("{:>13.3f}\n", what.max);
}

void write_sums(const sums& what, const output_paths& outputs) {
  const auto untagged = what.by_tag.find("");
  if (!outputs.hgrm.empty()) {
    if (untagged == what.by_tag.end()) {
      throw base::failure{fmt::format("{}: there is nothing without a tag to write", outputs.hgrm)};
    }
    write_file(outputs.hgrm, formats::to_hgrm(untagged->second));
  }
  if (outputs.hlog.empty()) return;
  auto text = formats::hlog_head(what.start_s);
  for (const auto& [tag, values] : what.by_tag)
    text += formats::hlog_line({tag, 0, what.end_s - what.start_s}, values);
  write_file(outputs.hlog, text);
}

}  // namespace

void check_writable(const output_paths& outputs) {
  for (const auto* path : {&outputs.json, &outputs.hgrm, &outputs.hlog, &outputs.csv, &outputs.html,
                           &outputs.openmetrics})
    check_writable(*path);
}

void write_recorded(const phase_result& phase, const output_paths& outputs) {
  if (!outputs.hgrm.empty()) write_file(outputs.hgrm, formats::to_hgrm(phase.recorded.latency()));
  if (!outputs.hlog.empty()) write_file(outputs.hlog, log_of(phase));
  if (!outputs.csv.empty()) write_file(outputs.csv, to_csv(phase.recorded.seconds()));
}

int show_histograms(const histogram_options& options) {
  check_writable(options.outputs);
  sums total;
  bool is_whole = true;
  for (const auto& path : options.paths) {
    const auto text = text_of(path);
    if (path.ends_with(".hgrm")) {
      show(formats::parse_hgrm(text, path), path);
      continue;
    }
    const auto rejected = formats::parse_hlog(
        text, [&](const auto& interval, const auto& values) { total.add(interval, values); });
    is_whole = is_whole && rejected.empty();
    for (const auto& line : rejected.listed)
      std::cerr << fmt::format("{}: line {}: {}\n", path, line.number, line.reason);
  }
  if (!total.by_tag.empty()) show(total);
  write_sums(total, options.outputs);
  return is_whole ? 0 : 1;
}

}  // namespace tacit::bench
