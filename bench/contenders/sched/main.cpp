// bench-sched: compares the schedulers by the shapes that their programs carry out.

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <tacit/base/error.hpp>

#include "bench/contenders/sched/contest.hpp"
#include "bench/contenders/sched/lineup.hpp"
#include "bench/contenders/sched/standings_report.hpp"
#include "bench/interrupt.hpp"
#include "bench/output_file.hpp"

namespace {

using namespace tacit;
using namespace tacit::bench::contenders::sched;

/// Where the build puts the contenders: beside this program.
std::filesystem::path own_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

/// nullopt: --help was asked for and answered.
std::optional<contest_options> parse(int argc, char** argv) {
  contest_options out{all_shapes(), all_contenders(), 3, 2, own_folder(), {}};
  CLI::App app{"Runs the same shapes on several schedulers, in turns, and prints how they compare",
               "bench-sched"};
  app.add_option("--rounds", out.rounds, "Rounds")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1'000u));
  app.add_option("--workers", out.workers, "Workers that each contender gets")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1'024u));
  app.add_option("--shapes", out.shapes, "Only these, with commas between")
      ->delimiter(',')
      ->check(CLI::IsMember(all_shapes()));
  app.add_option("--contenders", out.contenders, "Only these, with commas between")
      ->delimiter(',')
      ->check(CLI::IsMember(all_contenders()));
  app.add_option("--json", out.json_path, "Write every figure to this file as JSON (schema 1)");
  app.add_option("--programs", out.programs, "Folder of the contenders' programs");
  app.footer(
      "Exit status: 0 all results are right; 1 a run failed or its result was wrong; 2 wrong "
      "usage; "
      "128 + N ended by signal N.");
  try {
    app.parse(argc, argv);
    return out;
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    throw base::failure{fmt::format("{} (--help says what there is)", wrong.what()), true};
  }
}

int carry_out(const contest_options& options) {
  if (!options.json_path.empty()) bench::check_writable(options.json_path);
  const auto& stop = bench::watch_interrupts();
  const auto result = hold_contest(options, stop);
  if (stop) {
    std::cerr << "bench-sched: interrupted; what was started is stopped, nothing is reported\n";
    return 128 + bench::interrupting_signal();
  }
  std::cout << to_table(result) << std::flush;
  if (!options.json_path.empty()) {
    bench::write_file(options.json_path, to_json(result).dump(2) + "\n");
  }
  return result.failures.empty() && !result.measurements.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = parse(argc, argv);
    return options ? carry_out(*options) : 0;
  } catch (const base::failure& failure) {
    std::fprintf(stderr, "bench-sched: %s\n", failure.message.c_str());
    return failure.exit_status();
  } catch (const std::exception& unexpected) {
    std::fprintf(stderr, "bench-sched: %s\n", unexpected.what());
    return 1;
  }
}
