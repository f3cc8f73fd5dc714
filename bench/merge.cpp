#include "bench/merge.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <tacit/base/error.hpp>

#include "bench/histogram_files.hpp"
#include "bench/output_file.hpp"
#include "bench/results.hpp"

namespace tacit::bench {
namespace {

// Seconds of the wall clock are added up: beyond this they are not the same seconds.
constexpr double apart_s_max = 0.5;

void check_parts(const std::vector<stored_run>& parts) {
  const auto& first = parts.front().plan;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& plan = parts[i].plan;
    if (plan.is_whole()) {
      throw base::failure{
          fmt::format("{}: a whole run, not a part of one (--index and --of)", parts[i].path)};
    }
    if (plan.target != first.target || plan.pace != first.pace || plan.part.of != first.part.of ||
        plan.agreed_start_unix_s != first.agreed_start_unix_s) {
      throw base::failure{
          fmt::format("{} and {}: parts of different runs: {}, {}, part of {}; and "
                      "{}, {}, part of {}",
                      parts.front().path, parts[i].path, first.target, first.pace, first.part.of,
                      plan.target, plan.pace, plan.part.of)};
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (parts[j].plan.part.index == plan.part.index) {
        throw base::failure{fmt::format("{} and {}: both are part {} of {}", parts[j].path,
                                        parts[i].path, plan.part.index, plan.part.of)};
      }
    }
  }
}

std::string missing(const std::vector<stored_run>& parts) {
  std::string out;
  for (unsigned index = 0; index < parts.front().plan.part.of; ++index) {
    const bool is_there = std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
      return part.plan.part.index == index;
    });
    if (!is_there) out += fmt::format("{}{}", out.empty() ? "" : ", ", index);
  }
  return out;
}

/// How far clocks were apart: at least, for certain, and at most.
struct apart {
  double at_least_s = 0;
  double at_most_s = 0;
};

/// By the target's clock, which all saw; nullopt where one of them did not.
std::optional<apart> clocks_apart(const std::vector<stored_run>& parts) {
  apart out;
  for (const auto& a : parts) {
    for (const auto& b : parts) {
      if (!a.plan.target_clock || !b.plan.target_clock) return std::nullopt;
      const double low = a.plan.target_clock->low_s - b.plan.target_clock->high_s;
      const double high = a.plan.target_clock->high_s - b.plan.target_clock->low_s;
      out.at_least_s = std::max(out.at_least_s, low);
      if (&a != &b) out.at_most_s = std::max(out.at_most_s, high);
    }
  }
  return out;
}

double earliest_start(const std::vector<stored_run>& parts) {
  double out = parts.front().start_unix_s;
  for (const auto& part : parts)
    out = std::min(out, part.start_unix_s);
  return out;
}

void judge_clocks(const std::vector<stored_run>& parts, merged_run& out) {
  double spread = 0;
  for (const auto& part : parts)
    spread = std::max(spread, part.start_unix_s - earliest_start(parts));
  const auto apart = clocks_apart(parts);
  out.clocks =
      fmt::format("by their own clocks the parts began within {:.1f} ms; {}", spread * 1e3,
                  apart ? fmt::format("their clocks were at most {:.0f} ms apart, by the target's",
                                      apart->at_most_s * 1e3)
                        : std::string{"how far their clocks were apart is not known, since the "
                                      "target says no Date"});
  auto& reasons = out.result.judged.invalid_reasons;
  if (spread > apart_s_max) {
    reasons.push_back({fmt::format("the parts began {:.1f} s apart", spread)});
  }
  if (apart && apart->at_least_s > apart_s_max) {
    reasons.push_back(
        {fmt::format("the clocks of the parts are at least {:.1f} s apart", apart->at_least_s)});
  }
}

void add_process(const process_sample& from, process_sample& to) {
  to.at_ns += from.at_ns;  // Shares of the time are those of the average part.
  to.cpu_ns += from.cpu_ns;
  to.run_delay_ns += from.run_delay_ns;
  to.voluntary_switches += from.voluntary_switches;
  to.involuntary_switches += from.involuntary_switches;
  to.minor_faults += from.minor_faults;
  to.major_faults += from.major_faults;
}

/// Those on the target's machine saw the same process: the one that saw most of it counts.
void add_cost(const cost& from, cost& to) {
  add_process(from.harness, to.harness);
  if (!from.server || (to.server && to.server->cpu_ns >= from.server->cpu_ns)) return;
  to.server = from.server;
  to.server_rss_peak_bytes = from.server_rss_peak_bytes;
  to.server_threads_peak = from.server_threads_peak;
  to.over_time = from.over_time;
}

void add_part(const outcome& part, unsigned index, outcome& to) {
  to.phase.recorded.merge(part.phase.recorded);
  to.phase.end_ns = std::max(to.phase.end_ns, part.phase.end_ns);
  to.facts.connections_asked += part.facts.connections_asked;
  to.facts.connections_opened += part.facts.connections_opened;
  add_cost(part.spent, to.spent);
  for (const auto& reason : part.judged.invalid_reasons)
    to.judged.invalid_reasons.push_back({fmt::format("part {}: {}", index, reason.text)});
  for (const auto& note : part.judged.notes)
    to.judged.notes.push_back(fmt::format("part {}: {}", index, note));
}

}  // namespace

merged_run merge_runs(const std::vector<stored_run>& parts) {
  check_parts(parts);
  merged_run out;
  out.plan = parts.front().plan;
  out.plan.part = {};
  out.plan.target_clock.reset();
  const double start = earliest_start(parts);
  out.result.phase.start_unix_s = start;
  for (const auto& part : parts)
    add_part(restored(part, part.start_unix_s - start), part.plan.part.index, out.result);
  if (const auto absent = missing(parts); !absent.empty()) {
    out.result.judged.invalid_reasons.push_back(
        {fmt::format("of {} parts these are missing: {}", parts.front().plan.part.of, absent)});
  }
  judge_clocks(parts, out);
  out.result.judged.notes.push_back(out.clocks);
  return out;
}

int merge(const merge_options& options) {
  check_writable(options.outputs);
  std::vector<stored_run> parts;
  for (const auto& path : options.paths)
    parts.push_back(read_stored_run(path));
  auto merged = merge_runs(parts);
  merged.result.objectives = judge_objectives(options.objectives, merged.result.phase);
  const run_title title{
      "merge", merged.plan.target,
      fmt::format("{} parts of one schedule: {}", parts.size(), merged.plan.pace)};
  std::cout << to_table(merged.result, title) << std::flush;
  write_results(merged.result, title, merged.plan, {}, options.outputs);
  return exit_status_of(merged.result);
}

}  // namespace tacit::bench
