#include "bench/compare.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <tacit/base/error.hpp>

#include "bench/browser_traffic.hpp"
#include "bench/comparison_report.hpp"
#include "bench/connections.hpp"
#include "bench/contenders/contender.hpp"
#include "bench/formats/gc_log_json.hpp"
#include "bench/generate.hpp"
#include "bench/interrupt.hpp"
#include "bench/output_file.hpp"
#include "bench/pause_explanation.hpp"
#include "bench/pause_watch.hpp"
#include "bench/report.hpp"
#include "bench/traffic_file.hpp"

namespace tacit::bench {
namespace {

// Long enough to fill pools and caches, short enough not to matter for the whole.
constexpr std::int64_t block_warmup_ns = 100'000'000;
// Half of what the slowest can do: far from saturation for all, so that latency means something.
constexpr double paced_share = 0.5;
// What the skew workload is defined with: loaded enough that a worker that is stuck hurts.
constexpr double skewed_share = 0.6;
// As much as a server takes in an open loop without falling behind now and then.
constexpr double flood_share = 0.8;
constexpr std::uint64_t skewed_requests = 100'000;
constexpr std::uint64_t skewed_every = 100;
const std::vector<std::string> skewed_names{"stealing", "no-stealing"};
const std::vector<std::string> cell_names{"coroutine+arena", "coroutine+heap", "thread+arena",
                                          "thread+heap"};
constexpr const char* burning_target = "/burn?us=10000";
constexpr std::uint64_t generated_lines = 10'000;

/// What every contender is asked for.
struct workload {
  std::string name;         // as on the command line
  std::string description;  // in words
  std::string target;       // of a fixed request; empty where a log is replayed
  std::string log_path;
  std::optional<formats::combined_log> log;
  std::uint64_t body_bytes_max = ~std::uint64_t{0};
  double paced_share = bench::paced_share;
  std::uint64_t live_mb = 0;                // What the server keeps in memory.
  std::optional<std::uint64_t> body_bytes;  // Of an answer, where that is known.
  /// Where one in a hundred of the requests burns CPU instead, which one is drawn from this seed.
  std::optional<std::uint64_t> skew_seed;
  std::vector<std::string> agents;  // The request goes out as browsers with these send it.

  [[nodiscard]] traffic_source traffic_for(const std::string& authority,
                                           const std::string& own_target) const {
    if (log) return traffic_from(*log, authority, body_bytes_max);
    traffic_source out{authority};
    const auto& asked = own_target.empty() ? target : own_target;
    if (skew_seed) return skewed(std::move(out), asked);
    if (agents.empty()) {
      out.add({"GET", asked, {}, std::nullopt}, {200, body_bytes});
    } else {
      add_browser_requests(out, asked, agents);
    }
    return out;
  }

  /// The latency of those that burn is recorded apart: what they do to the others is the question.
  [[nodiscard]] traffic_source skewed(traffic_source out, const std::string& plain) const {
    for (std::uint64_t i = 0; i < skewed_requests; ++i) {
      const bool burns = mix(*skew_seed, i) % skewed_every == 0;
      out.add({"GET", burns ? burning_target : plain, {}, std::nullopt, burns},
              {200, std::nullopt});
    }
    return out;
  }

  /// The arguments that make a Tacit server ready for it.
  [[nodiscard]] std::vector<std::string> arguments() const {
    std::vector<std::string> out;
    if (log) out = {"--site", std::filesystem::absolute(log_path).string()};
    if (log && body_bytes_max != ~std::uint64_t{0}) {
      out.insert(out.end(), {"--body-limit", std::to_string(body_bytes_max)});
    }
    if (live_mb != 0) out = {"--churn-live-mb", std::to_string(live_mb)};
    return out;
  }
};

std::string target_of(const std::string& name) {
  if (name.starts_with('/')) return name;
  if (name == "plaintext" || name == "json") return "/" + name;
  if (name == "bytes") return "/bytes/10000";
  if (name.starts_with("bytes/")) return "/" + name;
  throw base::failure{
      fmt::format("--workload {}: expected plaintext, json, bytes[/N], churn, skew or a path",
                  name),
      true};
}

workload log_workload(std::string name, const std::string& path, const compare_options& options) {
  workload out;
  out.name = std::move(name);
  out.log_path = path;
  out.log = formats::read_combined_log(path);
  out.body_bytes_max = options.body_bytes_max.value_or(out.body_bytes_max);
  std::cerr << describe_rejected(out.log->rejected, out.log->records.size(), path);
  return out;
}

workload skew_workload(std::uint64_t seed) {
  workload out;
  out.name = "skew";
  out.target = "/plaintext";
  out.skew_seed = seed;
  out.paced_share = skewed_share;
  out.description = fmt::format(
      "GET /plaintext, and one in {} is GET {} instead (drawn with seed {}); latency is that of "
      "the others",
      skewed_every, burning_target, seed);
  return out;
}

/// The answer is the sum of the garbage's bytes, object i being filled with i modulo 256.
std::uint64_t churned_bytes(const churn_settings& asked) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < asked.objects; ++i)
    sum += (i & 0xff) * asked.bytes;
  return std::to_string(sum).size() + 1;
}

workload churn_workload(const churn_settings& asked) {
  workload out;
  out.name = "churn";
  out.target = fmt::format("/churn?objects={}&bytes={}", asked.objects, asked.bytes);
  out.live_mb = asked.live_mb;
  out.body_bytes = churned_bytes(asked);
  out.description = fmt::format("GET {}, and a session of a live set of {} MB replaced by each",
                                out.target, asked.live_mb);
  return out;
}

workload fixed_workload(const std::string& name) {
  workload out;
  out.name = name;
  out.target = target_of(name);
  out.description = "GET " + out.target;
  return out;
}

workload choose_workload(const compare_options& options, const std::filesystem::path& folder) {
  if (options.is_skew()) return skew_workload(options.drive.seed);
  if (!options.workload.empty()) {
    auto out = options.workload == "churn" ? churn_workload(options.churn)
                                           : fixed_workload(options.workload);
    if (options.as_browser) {
      out.agents =
          options.agents_path.empty()
              ? std::vector<std::string>(made_up_agents.begin(), made_up_agents.end())
              : agents_of(formats::read_combined_log(options.agents_path), options.agents_path);
      out.description += fmt::format(" as browsers send it ({} user agents)", out.agents.size());
    }
    return out;
  }
  if (!options.log_path.empty()) {
    auto out = log_workload("log", options.log_path, options);
    out.description = fmt::format("{}: {} requests, every status and length checked",
                                  options.log_path, out.log->records.size());
    return out;
  }
  const auto path = (folder / "generated.log").string();
  write_file(path, generated_log(generated_lines, options.drive.seed));
  auto out = log_workload("generated", path, options);
  out.description =
      fmt::format("a generated log of {} requests (seed {}), every status and length checked",
                  out.log->records.size(), options.drive.seed);
  return out;
}

// ---- choosing ----------------------------------------------------------------------------------

std::filesystem::path own_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

/// Why a contender cannot take part; empty when it can.
std::string obstacle(const contenders::description& what, const contenders::surroundings& around,
                     const workload& load) {
  if (const auto missing = contenders::missing_for(what, around); !missing.empty()) {
    return fmt::format("{}: {}", what.name, missing);
  }
  const auto& serves = what.serves;
  if (serves.empty() || std::find(serves.begin(), serves.end(), load.name) != serves.end()) {
    return {};
  }
  return fmt::format("{}: it does not serve the workload {}", what.name, load.name);
}

// ---- one comparison ----------------------------------------------------------------------------

/// The contenders, started, and what they did so far. Stops them when it goes.
class contest {
 public:
  contest(const compare_options& options, const std::atomic<bool>& stop)
      : options_{options}, stop_{stop}, load_{choose_workload(options, folder_.path())} {
    const auto cpus =
        options.pin() ? contenders::plan_cpus(options.workers()) : contenders::cpu_plan{};
    around_.bin = own_folder();
    around_.tacit = options.tacit_path.empty() ? around_.bin / "tacit"
                                               : std::filesystem::absolute(options.tacit_path);
    around_.workers = options.workers();
    around_.workload_arguments = load_.arguments();
    around_.cpus = cpus.servers;
    around_.live_mb = load_.live_mb;
    if (options.memory_bytes_max) limit_memory(*options.memory_bytes_max);
    start_all();
    contenders::run_on(cpus.harness);
    // What the servers have begun with stays.
    if (load_.skew_seed && cpus.harness.empty()) goes_first_ = contenders::go_first();
    describe();
  }

  [[nodiscard]] const comparison& result() const noexcept { return result_; }

  void run() {
    for (unsigned round = 0; round < rounds() && !stop_; ++round) {
      for (auto& c : result_.competitors)
        c.rounds.emplace_back();
      if (round > 0 && options_.restarts) start_again();
      if (round == 0 || options_.restarts) warm_up_all();
      is_backwards_ = round % 2 == 1;
      if (options_.rate_is_auto || !options_.drive.rate.per_s) {
        run_passes("capacity", schedule::saturating());
      }
      if (options_.flood_per_s) run_floods();
      if (options_.rate_is_auto) {
        if (round == 0) result_.paced_rate_per_s = load_.paced_share * slowest();
        run_passes("paced", paced(*result_.paced_rate_per_s));
      } else if (options_.drive.rate.per_s) {
        run_passes("paced", schedule_for(options_.drive));
      }
    }
  }

  /// Stops all, and notes who complained: a Tacit server says with its exit status whether the end
  /// cut anything off.
  void finish() {
    for (auto& server : started_)
      stop(*server);
  }

 private:
  /// A pass over a log moves gigabytes where a fixed request lasts --duration.
  [[nodiscard]] unsigned rounds() const { return options_.rounds; }

  /// Equal for all, or for none.
  void limit_memory(std::uint64_t bytes_max) {
    try {
      const contenders::control_group trial{contenders::group_budget{bytes_max}};
      around_.memory_bytes_max = bytes_max;
      limit_words_ = fmt::format("; each has {} MB of memory", bytes_max >> 20);
    } catch (const base::failure& why) {
      limit_words_ = "; memory is not limited";
      result_.notes.push_back(why.message + "; memory is not limited");
      std::cerr << "tacit-bench: " << result_.notes.back() << "\n";
    }
  }

  void start_all() {
    const auto all = contenders::choose(options_.names, options_.contenders_paths,
                                        options_.is_skew() ? skewed_names : cell_names);
    for (const auto& what : all) {
      if (const auto why = obstacle(what, around_, load_); !why.empty()) {
        result_.skipped.push_back(why);
        std::cerr << "tacit-bench: skipped: " << why << "\n";
        continue;
      }
      chosen_.push_back(what);
      started_.push_back(std::make_unique<contenders::contender>(what, around_, stop_));
      traffic_.push_back(load_.traffic_for(started_.back()->authority(), what.target));
      result_.competitors.push_back({what.name, {}});
    }
    if (started_.empty()) throw base::failure{"compare: no contender is left to compare"};
  }

  void stop(contenders::contender& server) {
    const auto ending = server.stop();
    if (const auto* group = server.group(); group != nullptr && group->kills() != 0) {
      result_.notes.push_back(fmt::format("{} was killed {} time{} at its limit of memory",
                                          server.name(), group->kills(),
                                          group->kills() == 1 ? "" : "s"));
    }
    if (ending.starts_with("exit status ") && ending != "exit status 0") {
      result_.notes.push_back(
          fmt::format("{} ended with {}: {}", server.name(), ending, server.last_words()));
    }
  }

  void start_again() {
    for (std::size_t i = 0; i < started_.size() && !stop_; ++i) {
      stop(*started_[i]);
      started_[i] = std::make_unique<contenders::contender>(chosen_[i], around_, stop_);
      traffic_[i] = load_.traffic_for(started_[i]->authority(), chosen_[i].target);
    }
  }

  void describe() {
    const auto& drive = options_.drive;
    result_.seed = drive.seed;
    result_.flood_per_s = options_.flood_per_s;
    result_.workload = load_.description;
    for (const auto& what : chosen_) {
      if (!what.target.empty()) {
        result_.workload += fmt::format("; {} is asked for {}", what.name, what.target);
      }
    }
    result_.load =
        fmt::format("{} connections, pipeline {}, {} round{} of {}; {} worker{} each",
                    drive.connections, drive.pipeline, rounds(), rounds() == 1 ? "" : "s",
                    options_.rate_is_auto ? "a closed-loop pass and a paced pass"
                    : drive.rate.per_s ? fmt::format("a pass at {} requests/s", *drive.rate.per_s)
                                       : std::string{"a closed-loop pass"},
                    options_.workers(), options_.workers() == 1 ? "" : "s");
    if (options_.flood_per_s) {
      result_.load += fmt::format(
          "; a flood in each round of {:.0f} requests/s, or {:.0f} % of what the contender answers "
          "in a closed loop where that is less",
          *options_.flood_per_s, 100 * flood_share);
    }
    if (!around_.cpus.empty()) result_.load += "; servers and harness on CPUs of their own";
    if (around_.cpus.empty()) {
      result_.load += goes_first_ ? "; servers and harness share the CPUs, the harness goes first"
                                  : "; servers and harness share the CPUs";
    }
    result_.load += limit_words_;
    if (load_.skew_seed && !result_.competitors.empty()) {
      result_.latency_reference = result_.competitors.front().name;
    }
  }

  [[nodiscard]] schedule paced(double rate_per_s) const {
    auto drive = options_.drive;
    drive.rate.per_s = rate_per_s;
    return schedule_for(drive);
  }

  void run_passes(const std::string& kind, const schedule& when) {
    for (std::size_t turn = 0; turn < started_.size() && !stop_; ++turn)
      run_turn(turn, kind, [&](std::size_t) { return when; });
  }

  void run_floods() {
    for (std::size_t turn = 0; turn < started_.size() && !stop_; ++turn)
      run_turn(turn, "flood", [&](std::size_t i) { return paced(flood_of(i)); });
  }

  void run_turn(std::size_t turn, const std::string& kind,
                const std::function<schedule(std::size_t)>& when) {
    const auto i = is_backwards_ ? started_.size() - 1 - turn : turn;
    const auto from_ns = now_ns();
    auto done = to_pass(run_pass(*started_[i], traffic_[i], when(i)), kind);
    tell_of_runtime(*started_[i], from_ns, done);
    result_.competitors[i].rounds.back().push_back(std::move(done));
  }

  /// As much as was asked for, or as the contender has shown to carry.
  [[nodiscard]] double flood_of(std::size_t i) const {
    const auto carried = result_.competitors[i].over_rounds(column::throughput);
    return carried.empty() ? *options_.flood_per_s
                           : std::min(*options_.flood_per_s, flood_share * carried.highest());
  }

  /// Has the contender's own log explain what the probes saw. A Tacit server has done so already.
  static void explain_by_log(const contenders::contender& server, pause_report& seen) {
    const auto log = server.pause_log();
    if (!log || log->collector.empty()) return;
    std::vector<logged_pause> told;
    for (const auto& one : log->pauses)
      told.push_back({{one.start_ns, one.end_ns()}, one.what});
    explain(seen, std::move(told), log->collector + "'s log", log->uncertainty_ns + seen.usual_ns);
  }

  /// What the contender's own log says about the pass, and how much memory it has had.
  static void tell_of_runtime(const contenders::contender& server, std::int64_t from_ns,
                              pass& into) {
    const auto to_ns = now_ns();
    if (const auto log = server.pause_log()) {
      into.document["runtime_log"] = to_json(log->between(from_ns, to_ns), to_ns - from_ns);
    }
    if (const auto* group = server.group()) {
      into.document["memory_peak_bytes"] = group->peak_bytes();
    }
  }

  void warm_up(driver& connected, const traffic_source& traffic, std::int64_t duration_ns) const {
    const schedule full = schedule::saturating();
    load warmup{&traffic, &full};
    warmup.duration_ns = duration_ns;
    warmup.timeout_ns = options_.drive.timeout_ns;
    (void)connected.run(warmup);
  }

  /// For those that become faster while they run.
  void warm_up_all() {
    const auto& drive = options_.drive;
    for (std::size_t i = 0; i < started_.size() && options_.warmup_ns > 0 && !stop_; ++i) {
      driver connected{started_[i]->address(),
                       {drive.connections, drive.pipeline, drive.threads},
                       drive.timeout_ns,
                       stop_};
      warm_up(connected, traffic_[i], options_.warmup_ns);
    }
  }

  outcome run_pass(const contenders::contender& server, const traffic_source& traffic,
                   const schedule& when) {
    const auto& drive = options_.drive;
    try {
      driver connected{server.address(),
                       {drive.connections, drive.pipeline, drive.threads},
                       drive.timeout_ns,
                       stop_};
      sampler costs{server.address(), server.authority(), server.pid()};
      warm_up(connected, traffic, block_warmup_ns);
      load phase{&traffic, &when};
      phase.timeout_ns = drive.timeout_ns;
      if (load_.log) {
        phase.requests_max = traffic.size();
      } else {
        phase.duration_ns = options_.duration_ns;
      }
      std::optional<pause_watch> pauses;
      if (drive.probe) {
        pauses.emplace(server.address(), server.authority(), *drive.probe, server.pid());
      }
      auto out = measure(connected, costs, phase, drive.connections, stop_, bounds(),
                         pauses ? &*pauses : nullptr);
      if (out.pauses) explain_by_log(server, *out.pauses);
      return out;
    } catch (const base::failure& failure) {
      throw base::failure{
          fmt::format("{}: {}; it said: {}", server.name(), failure.message, server.last_words())};
    }
  }

  /// Where all CPUs are the servers' the harness cannot but wait now and then; whether it was late
  /// by that is what its lag says, whose bound stays.
  [[nodiscard]] validity_bounds bounds() const {
    validity_bounds out;
    if (goes_first_) out.run_delay_share_max = 0.25;
    return out;
  }

  /// The lowest throughput of the first round.
  [[nodiscard]] double slowest() const {
    double lowest = 1e12;
    for (const auto& c : result_.competitors) {
      for (const auto& p : c.rounds.front()) {
        if (p.kind != "capacity") continue;  // A flood is not what it can do.
        lowest =
            std::min(lowest, p.figures[static_cast<std::size_t>(column::throughput)].value_or(1));
      }
    }
    return std::max(lowest, 1.0);
  }

  const compare_options& options_;
  const std::atomic<bool>& stop_;
  contenders::temporary_folder folder_;
  workload load_;
  contenders::surroundings around_;
  bool goes_first_ = false;
  std::string limit_words_;
  bool is_backwards_ = false;  // A drift of the machine favours nobody when turns are reversed.
  std::vector<contenders::description> chosen_;  // those that take part
  std::vector<std::unique_ptr<contenders::contender>> started_;
  std::vector<traffic_source> traffic_;
  comparison result_;
};

}  // namespace

int compare(const compare_options& options, const std::atomic<bool>& stop) {
  check_writable(options.drive.outputs.json);
  contest all{options, stop};
  all.run();
  all.finish();
  if (stop) {
    std::cerr << "tacit-bench: interrupted; what was started is stopped, nothing is reported\n";
    return 128 + interrupting_signal();
  }
  std::cout << to_table(all.result()) << std::flush;
  if (!options.drive.outputs.json.empty()) {
    write_file(options.drive.outputs.json, to_json(all.result()).dump(2) + "\n");
  }
  if (all.result().errors() > 0) return 1;
  return all.result().invalid_reasons().empty() ? 0 : 3;
}

}  // namespace tacit::bench
