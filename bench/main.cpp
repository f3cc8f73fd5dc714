#include <csignal>
#include <cstdio>
#include <exception>
#include <tacit/base/error.hpp>

#include "bench/capacity.hpp"
#include "bench/compare.hpp"
#include "bench/contest_report.hpp"
#include "bench/density.hpp"
#include "bench/generate.hpp"
#include "bench/histogram_files.hpp"
#include "bench/interrupt.hpp"
#include "bench/merge.hpp"
#include "bench/options.hpp"
#include "bench/run.hpp"
#include "bench/stored_comparison.hpp"

namespace {

using namespace tacit;

int carry_out(const bench::command& asked) {
  const auto& stop = bench::watch_interrupts();
  if (const auto* run = std::get_if<bench::run_options>(&asked)) return bench::run(*run, stop);
  if (const auto* replay = std::get_if<bench::replay_options>(&asked)) {
    return bench::replay(*replay, stop);
  }
  if (const auto* generate = std::get_if<bench::generate_options>(&asked)) {
    bench::generate(*generate);
    return 0;
  }
  if (const auto* histogram = std::get_if<bench::histogram_options>(&asked)) {
    return bench::show_histograms(*histogram);
  }
  if (const auto* capacity = std::get_if<bench::capacity_options>(&asked)) {
    return bench::find_capacity(*capacity, stop);
  }
  if (const auto* merge = std::get_if<bench::merge_options>(&asked)) return bench::merge(*merge);
  if (const auto* report = std::get_if<bench::report_options>(&asked)) {
    return bench::report_comparisons(*report);
  }
  if (const auto* density = std::get_if<bench::density_options>(&asked)) {
    return bench::measure_density(*density, stop);
  }
  const auto& compare = std::get<bench::compare_options>(asked);
  return bench::names_results(compare) ? bench::compare_stored(compare)
                                       : bench::compare(compare, stop);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto asked = bench::parse_command_line(argc, argv);
    return asked ? carry_out(*asked) : 0;
  } catch (const base::failure& failure) {
    std::fprintf(stderr, "tacit-bench: %s\n", failure.message.c_str());
    return failure.exit_status();
  } catch (const std::exception& unexpected) {
    std::fprintf(stderr, "tacit-bench: %s\n", unexpected.what());
    return 1;
  }
}
