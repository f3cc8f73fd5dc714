#include "bench/run.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iostream>
#include <tacit/base/error.hpp>

#include "bench/clock_probe.hpp"
#include "bench/expectations.hpp"
#include "bench/file_stream.hpp"
#include "bench/histogram_files.hpp"
#include "bench/interrupt.hpp"
#include "bench/pause_watch.hpp"
#include "bench/results.hpp"
#include "bench/traffic_file.hpp"

namespace tacit::bench {
namespace {

// Enough to take the samples before the schedule begins.
constexpr double ready_before_s = 0.2;

std::string describe_pace(const drive_options& drive) {
  if (drive.rate.profile) {
    return fmt::format("{}{}", drive.rate.text,
                       drive.poisson ? fmt::format(" Poisson, seed {}", drive.seed) : "");
  }
  if (!drive.rate.per_s) return "closed loop";
  return fmt::format("{} requests/s {}", *drive.rate.per_s,
                     drive.poisson ? fmt::format("Poisson, seed {}", drive.seed) : "constant");
}

std::string describe_connections(const drive_options& drive) {
  return fmt::format("{} connection{}, pipeline {}, {} thread{}", drive.connections,
                     drive.connections == 1 ? "" : "s", drive.pipeline, drive.threads,
                     drive.threads == 1 ? "" : "s");
}

/// Where probes connect to.
struct probed_target {
  const endpoint& address;
  const std::string& authority;
};

/// Carries the phase out, and shows on stderr how it goes.
outcome measure_visibly(driver& connected, sampler& costs, load& phase, const drive_options& drive,
                        const probed_target& target, const std::atomic<bool>& stop) {
  std::optional<pause_watch> pauses;
  if (drive.probe) pauses.emplace(target.address, target.authority, *drive.probe, costs.pid());
  live_board board;
  if (drive.progress != progress_kind::off) phase.watcher = &board;
  const progress shown{drive.progress, board, now_ns()};
  return measure(connected, costs, phase, drive.connections, stop, {}, pauses ? &*pauses : nullptr);
}

std::string describe_part(const drive_options& drive) {
  return drive.of == 1 ? "" : fmt::format("; part {} of {}", drive.index, drive.of);
}

/// Prints and writes the results, and says with which status to exit.
int finish(outcome result, const run_title& title, const run_plan& plan,
           const nlohmann::ordered_json& more, const drive_options& drive) {
  result.objectives = judge_objectives(drive.objectives, result.phase);
  // Whoever reads JSON there could not read it with a table before it.
  if (drive.outputs.json != "/dev/stdout") std::cout << to_table(result, title) << std::flush;
  write_results(result, title, plan, more, drive.outputs);
  return result.facts.was_interrupted ? 128 + interrupting_signal() : exit_status_of(result);
}

driver_settings settings_for(const drive_options& drive) {
  return {drive.connections, drive.pipeline, drive.threads, drive.policy, {drive.index, drive.of}};
}

/// What this process has to do, and when. Waits until shortly before the start that was agreed on.
run_plan agree(const drive_options& drive, const endpoint& target, const std::string& authority,
               const run_title& what, const std::atomic<bool>& stop) {
  run_plan out{what.target, what.load, {drive.index, drive.of}, drive.start_unix_s, {}};
  if (drive.of > 1) out.target_clock = probe_clock(target, authority, stop);
  if (!drive.start_unix_s) return out;
  if (const double late = wall_clock_s() - *drive.start_unix_s; late > 0) {
    throw base::failure{fmt::format("--start-at: that was {:.1f} s ago", late)};
  }
  wait_until(*drive.start_unix_s - ready_before_s, stop);
  return out;
}

}  // namespace

outcome measure(driver& connected, sampler& costs, const load& phase, unsigned connections_asked,
                const std::atomic<bool>& stop, const validity_bounds& bounds, pause_watch* pauses) {
  outcome out;
  out.facts.connections_asked = connections_asked;
  out.facts.connections_opened = connected.open_count();
  if (!phase.when->is_closed_loop()) {
    out.facts.planned_s = static_cast<double>(phase.ends_ns()) / 1e9;
  }
  out.facts.threads = connected.threads();
  out.facts.open_failure = connected.open_failure();
  out.facts.shared_cpu = shared_cpu(costs.pid());
  costs.start();
  if (pauses != nullptr) pauses->start();
  out.phase = connected.run(phase);
  if (pauses != nullptr) out.pauses = pauses->finish();
  out.spent = costs.finish();
  if (pauses != nullptr) pauses->explain(*out.pauses);
  if (phase.stream != nullptr && !phase.when->is_closed_loop()) {
    out.facts.planned_s = static_cast<double>(out.phase.recorded.last_due_ns) / 1e9;
  }
  out.facts.was_interrupted = stop;
  out.facts.is_part = !connected.is_whole();
  out.judged = judge(out.phase, out.spent, out.facts, bounds, out.pauses ? &*out.pauses : nullptr);
  return out;
}

schedule schedule_for(const drive_options& drive) {
  if (const auto& profile = drive.rate.profile) {
    return drive.poisson ? schedule::shaped(*profile, drive.seed) : schedule::shaped(*profile);
  }
  if (!drive.rate.per_s) return schedule::saturating();
  return drive.poisson ? schedule::poisson(*drive.rate.per_s, drive.seed)
                       : schedule::constant(*drive.rate.per_s);
}

int run(const run_options& options, const std::atomic<bool>& stop) {
  const auto& drive = options.drive;
  check_writable(drive.outputs);
  const url where = parse_url(options.url);
  const endpoint target = resolve(where);
  const expectations expected{drive.expected};
  traffic_source traffic{where.authority};
  traffic.expect(&expected);
  request_parts parts{options.method, where.target, {}, options.body};
  for (const auto& [name, value] : options.fields)
    parts.fields.emplace_back(name, value);
  traffic.add(parts);

  const schedule when = schedule_for(drive);
  load phase{&traffic, &when};
  phase.timeout_ns = drive.timeout_ns;
  driver connected{target, settings_for(drive), drive.timeout_ns, stop};
  sampler costs{target, where.authority, options.pid};
  if (options.warmup_ns > 0) {
    phase.duration_ns = options.warmup_ns;
    (void)connected.run(phase);
  }
  phase.duration_ns = options.duration_ns;
  const auto pace = fmt::format("{}, {:g} s", describe_pace(drive),
                                static_cast<double>(options.duration_ns) / 1e9);
  const auto plan = agree(drive, target, where.authority, {"run", options.url, pace}, stop);
  phase.start_unix_s = drive.start_unix_s.value_or(0);
  auto result = measure_visibly(connected, costs, phase, drive, {target, where.authority}, stop);
  const run_title title{
      "run", options.url,
      fmt::format("{}, {}{}", describe_connections(drive), pace, describe_part(drive))};
  return finish(std::move(result), title, plan, {}, drive);
}

namespace {

schedule replay_schedule(const replay_options& options, const file_traffic& file) {
  if (!options.speed) return schedule_for(options.drive);
  if (!file.times_ns) {
    throw base::failure{
        fmt::format("{}: its requests have no times; --rate says how fast they are sent",
                    options.log_path),
        true};
  }
  return schedule::recorded(*file.times_ns, *options.speed, file.period_ns);
}

}  // namespace

namespace {

std::string replay_pace(const replay_options& options) {
  return options.speed
             ? fmt::format("the file's times at {:g}x, seed {}", *options.speed, options.drive.seed)
             : describe_pace(options.drive);
}

int replay_stream(const replay_options& options, const std::atomic<bool>& stop, const url& where) {
  const auto& drive = options.drive;
  const endpoint target = resolve(where);
  const expectations expected{drive.expected};
  stream_counts counts;
  // A file without times cannot have a speed; its requests would all be due at once.
  const schedule when = options.speed ? schedule::constant(1e9) : schedule_for(drive);
  std::optional<request_stream> stream;
  stream.emplace(open_stream(options, where.authority, expected, counts),
                 std::min(drive.threads, drive.connections));
  load phase{nullptr, &when, &*stream, options.speed.value_or(0)};
  phase.timeout_ns = drive.timeout_ns;
  driver connected{target, settings_for(drive), drive.timeout_ns, stop};
  sampler costs{target, where.authority, options.pid};
  const run_title title{
      "replay", fmt::format("{} against {}", options.log_path, options.target),
      fmt::format("{}, {}, streamed", describe_connections(drive), replay_pace(options))};
  const auto plan =
      agree(drive, target, where.authority, {"replay", title.target, title.load}, stop);
  phase.start_unix_s = drive.start_unix_s.value_or(0);
  auto result = measure_visibly(connected, costs, phase, drive, {target, where.authority}, stop);
  stream.reset();  // from here on nobody counts any more
  std::cerr << describe_rejected(counts.rejected, counts.requests + counts.left_out,
                                 options.log_path);
  if (counts.late > 0) {
    result.judged.notes.push_back(
        fmt::format("{} requests of the file stood too far behind their time, and were sent late",
                    counts.late));
  }
  nlohmann::ordered_json more;
  more["traffic"] = rejected_to_json(counts.rejected, counts.requests + counts.left_out);
  more["traffic"]["left_out"] = counts.left_out;
  return finish(std::move(result), title, plan, more, drive);
}

}  // namespace

int replay(const replay_options& options, const std::atomic<bool>& stop) {
  const auto& drive = options.drive;
  check_writable(drive.outputs);
  const url where = parse_url(options.target);
  if (where.target != "/") {
    throw base::failure{
        fmt::format("{}: --target takes no path; the file has them", options.target), true};
  }
  if (options.streams) return replay_stream(options, stop, where);
  const endpoint target = resolve(where);
  const expectations expected{drive.expected};
  const auto file = read_traffic(options, where.authority, expected);
  const auto& traffic = file.source;
  std::cerr << describe_rejected(file.rejected, traffic.size() + file.left_out, options.log_path);
  const schedule when = replay_schedule(options, file);
  load phase{&traffic, &when};
  phase.requests_max = traffic.size() * std::uint64_t{options.repeat};
  phase.timeout_ns = drive.timeout_ns;
  driver connected{target, settings_for(drive), drive.timeout_ns, stop};
  sampler costs{target, where.authority, options.pid};
  const auto pace = fmt::format("{}, {} requests", replay_pace(options), phase.requests_max);
  const auto what = fmt::format("{} against {}", options.log_path, options.target);
  const auto plan = agree(drive, target, where.authority, {"replay", what, pace}, stop);
  phase.start_unix_s = drive.start_unix_s.value_or(0);
  auto result = measure_visibly(connected, costs, phase, drive, {target, where.authority}, stop);
  const run_title title{
      "replay", what,
      fmt::format("{}, {}{}", describe_connections(drive), pace, describe_part(drive))};
  nlohmann::ordered_json more;
  more["traffic"] = rejected_to_json(file.rejected, traffic.size() + file.left_out);
  more["traffic"]["left_out"] = file.left_out;
  return finish(std::move(result), title, plan, more, drive);
}

}  // namespace tacit::bench
