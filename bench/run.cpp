#include "bench/run.hpp"

#include <fmt/format.h>
#include <iostream>
#include <tacit/base/error.hpp>

#include "bench/histogram_files.hpp"
#include "bench/interrupt.hpp"
#include "bench/output_file.hpp"
#include "bench/report.hpp"
#include "bench/site_rule.hpp"

namespace tacit::bench {
namespace {

std::string describe_pace(const drive_options& drive) {
  if (!drive.rate.per_s) return "closed loop";
  return fmt::format("{} requests/s {}", *drive.rate.per_s,
                     drive.poisson ? fmt::format("Poisson, seed {}", drive.seed) : "constant");
}

std::string describe_connections(const drive_options& drive) {
  return fmt::format("{} connection{}, pipeline {}, {} thread{}", drive.connections,
                     drive.connections == 1 ? "" : "s", drive.pipeline, drive.threads,
                     drive.threads == 1 ? "" : "s");
}

/// Prints and writes the results, and says with which status to exit.
int finish(const outcome& result, const run_title& title, nlohmann::ordered_json document,
           const output_paths& outputs) {
  std::cout << to_table(result, title) << std::flush;
  if (!outputs.json.empty()) {
    document.update(to_json(result));
    write_file(outputs.json, document.dump(2) + "\n");
  }
  write_recorded(result.phase, outputs);
  return result.facts.was_interrupted ? 128 + interrupting_signal() : exit_status_of(result);
}

expected_answer expectation(const base::combined_log_line& line, check_kind check,
                            const site_rule* site) {
  if (check == check_kind::status) return {line.status, std::nullopt};
  if (check == check_kind::none) return {};
  // The rule is asked for the target that goes over the wire: one that had to be encoded is not
  // the one in the log any more.
  return site->answer_to(line.method, wire_target(line.target));
}

nlohmann::ordered_json document_head(const run_title& title) {
  return {{"kind", title.kind}, {"target", title.target}, {"load", title.load}};
}

}  // namespace

outcome measure(driver& connected, sampler& costs, const load& phase, unsigned connections_asked,
                const std::atomic<bool>& stop, const validity_bounds& bounds) {
  outcome out;
  out.facts.connections_asked = connections_asked;
  out.facts.connections_opened = connected.open_count();
  if (!phase.when->is_closed_loop()) {
    out.facts.planned_s = static_cast<double>(phase.ends_ns()) / 1e9;
  }
  costs.start();
  out.phase = connected.run(phase);
  out.spent = costs.finish();
  out.facts.was_interrupted = stop;
  out.judged = judge(out.phase, out.spent, out.facts, bounds);
  return out;
}

schedule schedule_for(const drive_options& drive) {
  if (!drive.rate.per_s) return schedule::saturating();
  return drive.poisson ? schedule::poisson(*drive.rate.per_s, drive.seed)
                       : schedule::constant(*drive.rate.per_s);
}

traffic_source traffic_from(const formats::combined_log& log, const std::string& authority,
                            check_kind check, std::uint64_t body_bytes_max) {
  std::optional<site_rule> site;
  if (check == check_kind::site) site.emplace(log.records, body_bytes_max);
  traffic_source out{authority};
  for (const auto& line : log.records) {
    request_parts parts{line.method, line.target, {}, std::nullopt};
    if (!line.user_agent.empty()) parts.fields.emplace_back("User-Agent", line.user_agent);
    if (!line.referrer.empty()) parts.fields.emplace_back("Referer", line.referrer);
    if (line.method == "POST" || line.method == "PUT" || line.method == "PATCH") parts.body = "";
    out.add(parts, expectation(line, check, site ? &*site : nullptr));
  }
  return out;
}

int run(const run_options& options, const std::atomic<bool>& stop) {
  const auto& drive = options.drive;
  check_writable(drive.outputs);
  const url where = parse_url(options.url);
  const endpoint target = resolve(where);
  traffic_source traffic{where.authority};
  request_parts parts{options.method, where.target, {}, options.body};
  for (const auto& [name, value] : options.fields)
    parts.fields.emplace_back(name, value);
  traffic.add(parts);

  const schedule when = schedule_for(drive);
  load phase{&traffic, &when};
  phase.timeout_ns = drive.timeout_ns;
  driver connected{
      target, {drive.connections, drive.pipeline, drive.threads}, drive.timeout_ns, stop};
  sampler costs{target, where.authority, options.pid};
  if (options.warmup_ns > 0) {
    phase.duration_ns = options.warmup_ns;
    (void)connected.run(phase);
  }
  phase.duration_ns = options.duration_ns;
  const auto result = measure(connected, costs, phase, drive.connections, stop);
  const run_title title{
      "run", options.url,
      fmt::format("{}, {}, {:g} s", describe_connections(drive), describe_pace(drive),
                  static_cast<double>(options.duration_ns) / 1e9)};
  return finish(result, title, document_head(title), drive.outputs);
}

int replay(const replay_options& options, const std::atomic<bool>& stop) {
  const auto& drive = options.drive;
  check_writable(drive.outputs);
  const url where = parse_url(options.target);
  if (where.target != "/") {
    throw base::failure{fmt::format("{}: --target takes no path; the log has them", options.target),
                        true};
  }
  const endpoint target = resolve(where);
  const auto log = formats::read_combined_log(options.log_path);
  std::cerr << describe_rejected(log, options.log_path);
  const auto traffic = traffic_from(log, where.authority, options.check, options.body_bytes_max);
  const schedule when = options.speed
                            ? schedule::recorded(formats::spread_times(log.records, drive.seed),
                                                 *options.speed, formats::period_ns(log.records))
                            : schedule_for(drive);
  load phase{&traffic, &when};
  phase.requests_max = traffic.size() * std::uint64_t{options.repeat};
  phase.timeout_ns = drive.timeout_ns;
  driver connected{
      target, {drive.connections, drive.pipeline, drive.threads}, drive.timeout_ns, stop};
  sampler costs{target, where.authority, options.pid};
  const auto result = measure(connected, costs, phase, drive.connections, stop);
  const run_title title{"replay", fmt::format("{} against {}", options.log_path, options.target),
                        fmt::format("{}, {}, {} requests", describe_connections(drive),
                                    options.speed ? fmt::format("the log's times at {:g}x, seed {}",
                                                                *options.speed, drive.seed)
                                                  : describe_pace(drive),
                                    phase.requests_max)};
  auto document = document_head(title);
  document["traffic"] = rejected_to_json(log);
  return finish(result, title, std::move(document), drive.outputs);
}

}  // namespace tacit::bench
