#pragma once

#include "bench/difference.hpp"
#include "bench/options.hpp"
#include "bench/recording_json.hpp"

namespace tacit::bench {

/// The figures that are compared, block by block. Where one is not known its list is empty.
struct block_figures {
  std::vector<double> rate_per_s;
  std::vector<double> p50_us;
  std::vector<double> p99_us;
  std::vector<double> cpu_us_per_request;
};

/// One run, cut into at most ten blocks of whole seconds. Neighbouring seconds resemble each other;
/// longer blocks do so less. What is answered after the schedule's end is left out.
[[nodiscard]] block_figures blocks_of(const outcome& run);

/// Several runs, each a block.
[[nodiscard]] block_figures blocks_of(const std::vector<outcome>& runs);

/// Whether `compare` was given results (`A.json B.json`) instead of contenders.
[[nodiscard]] bool names_results(const compare_options& options);

/// `tacit-bench compare A.json B.json` or `A1.json,A2.json,... B1.json,B2.json,...`: returns the
/// exit status. Throws base::failure.
[[nodiscard]] int compare_stored(const compare_options& options);

}  // namespace tacit::bench
