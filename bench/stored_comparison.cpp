#include "bench/stored_comparison.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <sstream>
#include <tacit/base/error.hpp>

#include "bench/output_file.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr std::int64_t blocks_max = 10;

/// CPU that the target had taken by a moment, between the looks at it; nullopt outside of them.
std::optional<double> cpu_ns_at(const std::vector<target_moment>& moments, std::int64_t at_ns) {
  const auto after = std::find_if(moments.begin(), moments.end(),
                                  [&](const auto& moment) { return moment.at_ns >= at_ns; });
  if (after == moments.begin() || after == moments.end()) return std::nullopt;
  const auto before = after - 1;
  const double share = static_cast<double>(at_ns - before->at_ns) /
                       static_cast<double>(after->at_ns - before->at_ns);
  return static_cast<double>(before->cpu_ns) +
         share * static_cast<double>(after->cpu_ns - before->cpu_ns);
}

/// Adds one block: the seconds [from, to).
void add_block(const outcome& run, std::int64_t from, std::int64_t to, block_figures& into) {
  observe::histogram latency;
  std::uint64_t answered = 0;
  for (const auto& row : run.phase.recorded.seconds().rows()) {
    if (row.second < from || row.second >= to) continue;
    row.add_latency_to(latency);
    answered += row.answered;
  }
  into.rate_per_s.push_back(static_cast<double>(answered) / static_cast<double>(to - from));
  into.p50_us.push_back(static_cast<double>(latency.at_percentile(50)) / 1e3);
  into.p99_us.push_back(static_cast<double>(latency.at_percentile(99)) / 1e3);
  const auto& moments = run.spent.over_time;
  const auto start = run.phase.start_ns;
  const auto before = cpu_ns_at(moments, start + from * 1'000'000'000);
  const auto after = cpu_ns_at(moments, start + to * 1'000'000'000);
  if (before && after && answered > 0) {
    into.cpu_us_per_request.push_back((*after - *before) / 1e3 / static_cast<double>(answered));
  }
}

std::vector<std::string> paths_of(const std::string& list) {
  std::vector<std::string> out;
  std::istringstream words{list};
  for (std::string word; std::getline(words, word, ',');)
    out.push_back(word);
  return out;
}

/// One side of the comparison.
struct side {
  std::vector<outcome> runs;
  std::vector<std::string> complaints;
  block_figures blocks;
};

side read_side(const std::string& list) {
  side out;
  for (const auto& path : paths_of(list)) {
    out.runs.push_back(restored(read_stored_run(path)));
    for (const auto& reason : out.runs.back().judged.invalid_reasons)
      out.complaints.push_back(fmt::format("{}: {}", path, reason.text));
  }
  out.blocks = out.runs.size() == 1 ? blocks_of(out.runs.front()) : blocks_of(out.runs);
  return out;
}

struct figure_text {
  const char* key;
  const char* name;
  std::vector<double> block_figures::*values;
};
constexpr std::array<figure_text, 4> figure_texts = {{
    {"rate_per_s", "Throughput", &block_figures::rate_per_s},
    {"latency_p50_us", "Median latency", &block_figures::p50_us},
    {"latency_p99_us", "p99 latency", &block_figures::p99_us},
    {"cpu_us_per_request", "CPU per request", &block_figures::cpu_us_per_request},
}};

std::optional<difference> compare_figure(const std::vector<double>& a, const std::vector<double>& b,
                                         bool is_paired, std::uint64_t seed) {
  const confidence asked{0.99, static_cast<unsigned>(figure_texts.size()), seed};
  if (a.size() == b.size() && is_paired) return paired_difference(a, b, asked);
  return unpaired_difference(a, b, asked);
}

/// What the reader has to know about how much an interval can say.
std::string caveat(const side& a, const side& b, bool is_paired) {
  if (is_paired) {
    return fmt::format(
        "{} pairs of runs. Where they did not take turns, what changed on the "
        "machine meanwhile looks like a difference.",
        a.runs.size());
  }
  if (a.runs.size() == 1 && b.runs.size() == 1) {
    return "One run each, in blocks of seconds: the intervals know how much a run varies within "
           "itself, not how much two runs of the same differ. The time of day, a restart or other "
           "load on the machine looks like a difference.";
  }
  return "Unequal numbers of runs, which do not pair: what changed on the machine between them "
         "looks like a difference.";
}

}  // namespace

block_figures blocks_of(const outcome& run) {
  block_figures out;
  const auto seconds = static_cast<std::int64_t>(run.phase.elapsed_s() + 0.01);
  const auto blocks = std::min(seconds, blocks_max);
  for (std::int64_t i = 0; i < blocks; ++i)
    add_block(run, i * seconds / blocks, (i + 1) * seconds / blocks, out);
  return out;
}

block_figures blocks_of(const std::vector<outcome>& runs) {
  block_figures out;
  for (const auto& run : runs) {
    const auto& latency = run.phase.recorded.latency();
    out.rate_per_s.push_back(run.phase.rate_per_s());
    out.p50_us.push_back(static_cast<double>(latency.at_percentile(50)) / 1e3);
    out.p99_us.push_back(static_cast<double>(latency.at_percentile(99)) / 1e3);
    const auto answered = static_cast<double>(run.phase.recorded.counts.answered);
    if (run.spent.server && answered > 0) {
      out.cpu_us_per_request.push_back(static_cast<double>(run.spent.server->cpu_ns) / 1e3 /
                                       answered);
    }
  }
  return out;
}

bool names_results(const compare_options& options) {
  return !options.names.empty() &&
         std::all_of(options.names.begin(), options.names.end(),
                     [](const auto& name) { return name.ends_with(".json"); });
}

int compare_stored(const compare_options& options) {
  check_writable(options.drive.outputs.json);
  if (options.names.size() != 2) {
    throw base::failure{
        "compare: expected two results, A.json B.json, or two lists of them, "
        "A1.json,A2.json,... B1.json,B2.json,...",
        true};
  }
  const auto a = read_side(options.names[0]);
  const auto b = read_side(options.names[1]);
  const bool is_paired = a.runs.size() > 1 && a.runs.size() == b.runs.size();
  json out = {{"schema", 1},
              {"kind", "compare-results"},
              {"from", options.names[0]},
              {"to", options.names[1]},
              {"is_paired", is_paired},
              {"differences", json::array()}};
  std::cout << fmt::format("{} against {}, intervals of 99 % for all figures at once\n",
                           options.names[1], options.names[0]);
  for (const auto& figure : figure_texts) {
    const auto found = compare_figure(a.blocks.*figure.values, b.blocks.*figure.values, is_paired,
                                      options.drive.seed);
    std::cout << fmt::format("  {:<16}{}\n", figure.name,
                             found ? found->sentence() : "not known often enough");
    if (!found) continue;
    out["differences"].push_back({{"figure", figure.key},
                                  {"ratio", found->ratio},
                                  {"low", found->low},
                                  {"high", found->high},
                                  {"blocks", found->blocks},
                                  {"is_shown", found->is_shown()}});
  }
  out["caveat"] = caveat(a, b, is_paired);
  std::cout << caveat(a, b, is_paired) << "\n";
  auto complaints = a.complaints;
  complaints.insert(complaints.end(), b.complaints.begin(), b.complaints.end());
  for (const auto& complaint : complaints)
    std::cout << "INVALID   " << complaint << "\n";
  out["invalid_reasons"] = complaints;
  if (!options.drive.outputs.json.empty()) {
    write_file(options.drive.outputs.json, out.dump(2) + "\n");
  }
  return complaints.empty() ? 0 : 3;
}

}  // namespace tacit::bench
