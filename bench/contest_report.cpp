#include "bench/contest_report.hpp"

#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <tacit/base/error.hpp>

#include "bench/agreement.hpp"
#include "bench/attribution.hpp"
#include "bench/contest_page.hpp"
#include "bench/histogram_files.hpp"
#include "bench/output_file.hpp"
#include "bench/result_table.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

std::string head_text(const std::vector<stored_contest>& all,
                      const std::vector<std::string>& remarks) {
  std::string out;
  if (!all.empty()) {
    const auto& machine = all.front().machine;
    out += fmt::format("machine   {}, {} CPUs, {}\n", machine.value("cpu", "unknown"),
                       machine.value("cpus", 0), machine.value("kernel", "unknown"));
  }
  for (const auto& remark : remarks)
    out += fmt::format("          {}\n", remark);
  return out;
}

std::string contest_text(const stored_contest& contest) {
  const auto& what = contest.what;
  auto out = fmt::format("workload  {}\nload      {}\n", what.workload, what.load);
  if (what.paced_rate_per_s) {
    out += fmt::format("          the same rate for all is {:.0f} requests/s\n",
                       *what.paced_rate_per_s);
  }
  for (const auto& reason : contest.invalid_reasons)
    out += fmt::format("INVALID   {}\n", reason);
  for (const auto& skipped : what.skipped)
    out += fmt::format("Skipped: {}\n", skipped);
  for (const auto& note : what.notes)
    out += fmt::format("Note: {}\n", note);
  for (const auto& table : tables_of(what))
    out += fmt::format("\n{}\n{}", title_of(table.kind), to_text(table));
  const auto parts = attribute(what);
  if (!parts.empty()) out += "\nThe four cells split into threads and allocation\n";
  for (const auto& text : attribution_summary(parts))
    out += text + "\n";
  for (const auto& part : parts)
    out += "  " + part.sentence() + "\n";
  return out;
}

json contest_json(const stored_contest& contest) {
  const auto parts = attribute(contest.what);
  json tables = json::array();
  for (const auto& table : tables_of(contest.what))
    tables.push_back(to_json(table));
  const auto maybe = [](const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
  };
  return {{"workload", contest.what.workload},
          {"load", contest.what.load},
          {"valid", contest.invalid_reasons.empty()},
          {"invalid_reasons", contest.invalid_reasons},
          {"errors", contest.what.errors()},
          {"paced_rate_per_s", maybe(contest.what.paced_rate_per_s)},
          {"flood_per_s", maybe(contest.what.flood_per_s)},
          {"skipped", contest.what.skipped},
          {"notes", contest.what.notes},
          {"tables", std::move(tables)},
          {"attribution", to_json(parts)},
          {"attribution_summary", attribution_summary(parts)}};
}

json read_json(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw base::failure{fmt::format("{}: cannot read", path)};
  auto out = json::parse(file, nullptr, false);
  if (out.is_discarded()) throw base::failure{fmt::format("{}: not JSON", path)};
  return out;
}

agreement agree_with(const std::string& path, const json& now) {
  try {
    return agree(read_json(path), now);
  } catch (const base::failure& wrong) {
    throw base::failure{fmt::format("{}: {}", path, wrong.message)};
  }
}

std::string agreement_text(const agreement& found, const std::string& path) {
  auto out = fmt::format("\nAgainst {}: {}\n", path, found.sentence());
  for (const auto& one : found.disagreements)
    out += fmt::format("  - {}\n", one.sentence());
  for (const auto& row : found.only_before)
    out += fmt::format("  not there now: {}\n", row);
  for (const auto& row : found.only_now)
    out += fmt::format("  not there before: {}\n", row);
  return out;
}

int status_of(const std::vector<stored_contest>& all, bool agrees) {
  bool is_valid = true;
  std::uint64_t errors = 0;
  for (const auto& one : all) {
    is_valid = is_valid && one.invalid_reasons.empty();
    errors += one.what.errors();
  }
  if (errors > 0 || !agrees) return 1;
  return is_valid ? 0 : 3;
}

}  // namespace

std::string report_text(const std::vector<stored_contest>& all,
                        const std::vector<std::string>& remarks) {
  auto out = head_text(all, remarks);
  for (const auto& one : all)
    out += "\n" + contest_text(one);
  return out +
         "\nMedians over the rounds; below each its interval: 95 % for that figure alone, over the "
         "rounds.\n";
}

json report_json(const std::vector<stored_contest>& all, const std::vector<std::string>& remarks) {
  json out = {{"schema", 1},
              {"kind", "report"},
              {"machine", all.empty() ? json::object() : all.front().machine},
              {"remarks", remarks},
              {"comparisons", json::array()}};
  for (const auto& one : all)
    out["comparisons"].push_back(contest_json(one));
  return out;
}

int report_comparisons(const report_options& options) {
  check_writable(options.outputs);
  std::vector<stored_contest> all;
  for (const auto& path : options.paths)
    all.push_back(read_comparison(path));
  auto text = report_text(all, options.remarks);
  auto document = report_json(all, options.remarks);
  bool agrees = true;
  if (!options.against_path.empty()) {
    const auto found = agree_with(options.against_path, document);
    agrees = found.holds();
    text += agreement_text(found, options.against_path);
    document["against"] = to_json(found);
  }
  std::cout << text << std::flush;
  if (!options.outputs.json.empty()) write_file(options.outputs.json, document.dump(2) + "\n");
  if (!options.outputs.html.empty()) {
    write_file(options.outputs.html,
               to_page(all, options.title, head_text(all, options.remarks), text));
  }
  return status_of(all, agrees);
}

}  // namespace tacit::bench
