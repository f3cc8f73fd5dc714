#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/connection.hpp"
#include "bench/made_up_body.hpp"
#include "bench/objective.hpp"
#include "bench/probe_settings.hpp"
#include "bench/progress.hpp"
#include "bench/rate_profile.hpp"
#include "bench/request_filter.hpp"

namespace tacit::bench {

/// How hard to press: a rate, or as fast as the answers come.
struct rate_option {
  std::optional<double> per_s = {};  ///< Neither this nor a profile is "max": a closed loop.
  std::optional<rate_profile> profile = {};
  std::string text = {};  ///< Of the profile, as it was given.
};

/// Where results are written besides the terminal. Empty: nowhere.
struct output_paths {
  std::string json;
  std::string hgrm;         ///< Percentile distribution, for HdrHistogram's plotters.
  std::string hlog;         ///< HdrHistogram log, second by second.
  std::string csv;          ///< One line per second.
  std::string openmetrics;  ///< For a push gateway.
  std::string html;         ///< A page with plots.
};

/// What `run`, `replay` and `compare` have in common.
struct drive_options {
  rate_option rate;
  bool poisson = false;
  std::uint64_t seed = 1;
  unsigned connections = 16;
  unsigned pipeline = 1;
  unsigned threads = 1;
  std::int64_t timeout_ns = 30'000'000'000;
  connection_policy policy;
  progress_kind progress = progress_kind::automatic;
  output_paths outputs;
  std::vector<objective> objectives;
  std::vector<std::string> expected;  ///< Texts of --expect.
  unsigned index = 0;                 ///< Which part of the schedule this process sends,
  unsigned of = 1;                    ///< of so many.
  std::optional<double> start_unix_s;
  std::optional<probe_settings> probe;  ///< nullopt: pauses are not looked for.
};

/// `tacit-bench run`.
struct run_options {
  drive_options drive;
  std::string url;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<std::string> body;  ///< Already read where it was given as @FILE.
  std::int64_t duration_ns = 10'000'000'000;
  std::int64_t warmup_ns = 0;
  int pid = 0;
};

/// How answers to a replayed log are checked.
enum class check_kind { none, status, site };

/// The formats of files with requests.
enum class file_format { log, gor, vegeta, har, urls };

/// `tacit-bench replay`.
struct replay_options {
  drive_options drive;
  std::string log_path;
  std::string target;
  std::optional<double> speed;  ///< nullopt: `drive.rate` holds.
  unsigned repeat = 1;
  std::uint64_t body_bytes_max = ~std::uint64_t{0};
  check_kind check = check_kind::none;
  std::optional<file_format> format;  ///< nullopt: what the name of the file says.
  body_sizes bodies;                  ///< Of the POST, PUT and PATCH of an access log.
  filter_options filter;
  std::string host;      ///< What Host says; empty: the target's.
  bool streams = false;  ///< The file is read while it is sent.
  bool strict = false;   ///< A line that makes no request ends the replay before it begins.
  int pid = 0;
};

/// `tacit-bench generate`.
struct generate_options {
  std::uint64_t lines = 10'000;
  std::uint64_t seed = 1;
  std::string output_path;  ///< Empty: standard output.
};

/// `tacit-bench histogram`.
struct histogram_options {
  std::vector<std::string> paths;
  output_paths outputs;  ///< hgrm and hlog, of all files together.
};

/// `tacit-bench merge`.
struct merge_options {
  std::vector<std::string> paths;
  output_paths outputs;
  std::vector<objective> objectives;
};

/// `tacit-bench capacity`.
struct capacity_options {
  drive_options drive;  ///< Without a rate.
  std::string url;
  double first_per_s = 1'000;
  double precision_percent = 5;
  unsigned confirmations = 3;
  std::int64_t duration_ns = 3'000'000'000;  ///< Of one try.
  int pid = 0;
};

/// What the churn workload asks for; bench/contenders/README.md describes it.
struct churn_settings {
  std::uint64_t objects = 20;   ///< Garbage of one request,
  std::uint64_t bytes = 512;    ///< of so many bytes each.
  std::uint64_t live_mb = 128;  ///< The live set of the server.
};

/// `tacit-bench compare`.
struct compare_options {
  drive_options drive;
  bool rate_is_auto = true;        ///< Capacity passes, then paced passes at half of the slowest.
  std::vector<std::string> names;  ///< Of contenders, or of the results of runs.
  std::vector<std::string> contenders_paths;  ///< None: the built-in ones only.
  std::string log_path;                       ///< Empty: `workload` holds.
  std::string workload;                       ///< Empty: a generated log.
  bool as_browser = false;  ///< The fixed request has the fields that browsers send.
  std::string agents_path;  ///< Access log with the user agents of these; empty: our own.
  unsigned rounds = 10;
  /// A pass in each round at this rate, or at four fifths of what the contender carries, whichever
  /// is less; nullopt: none.
  std::optional<double> flood_per_s;
  std::int64_t warmup_ns = 0;  ///< Each is pressed for so long before the first round.
  bool restarts = false;       ///< Every contender is started anew for every round.
  std::int64_t duration_ns = 1'000'000'000;
  std::optional<std::uint64_t> body_bytes_max;
  std::optional<unsigned> workers_asked;
  std::string tacit_path;  ///< Empty: `tacit` beside this program.
  std::optional<bool> pin_asked;
  churn_settings churn;
  std::optional<std::uint64_t> memory_bytes_max;  ///< Of each contender; nullopt: no limit.

  /// Skew is about workers that could help each other, which two on one CPU cannot; and a harness
  /// on a CPU of its own would leave them but one on a small machine.
  [[nodiscard]] unsigned workers() const { return workers_asked.value_or(is_skew() ? 2 : 1); }
  [[nodiscard]] bool pin() const { return pin_asked.value_or(!is_skew()); }
  [[nodiscard]] bool is_skew() const { return workload == "skew"; }
};

/// `tacit-bench report`.
struct report_options {
  std::vector<std::string> paths;    ///< The JSON of comparisons.
  std::string against_path;          ///< The JSON of an earlier report; empty: none.
  std::vector<std::string> remarks;  ///< Lines for the head, such as versions.
  std::string title = "Comparison";
  output_paths outputs;  ///< json and html.
};

/// `tacit-bench density`.
struct density_options {
  std::vector<std::string> names;
  std::vector<std::string> contenders_paths;
  std::string tacit_path;  ///< Empty: `tacit` beside this program.
  std::string target = "/plaintext";
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;
  double cpus = 1;
  unsigned starts = 20;  ///< Of each contender, alone in the budget.
  unsigned instances_max = 1'000;
  std::int64_t answer_ns_max = 1'000'000'000;
  unsigned load_requests = 2'000;
  std::string json_path;
};

using command =
    std::variant<report_options, density_options, run_options, replay_options, generate_options,
                 compare_options, histogram_options, merge_options, capacity_options>;

/// Parses a command line. Prints what --help and --version ask for and returns nullopt then. Throws
/// base::failure (usage) with one line that says what is wrong.
[[nodiscard]] std::optional<command> parse_command_line(int argc, const char* const* argv);

}  // namespace tacit::bench
