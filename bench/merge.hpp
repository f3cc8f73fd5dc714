#pragma once

#include <string>
#include <vector>

#include "bench/recording_json.hpp"

namespace tacit::bench {

/// The parts of one run as one.
struct merged_run {
  outcome result;      ///< Seconds are those of the wall clock, from the earliest start.
  run_plan plan;       ///< Of the whole.
  std::string clocks;  ///< How far starts and clocks were apart, in a sentence.
};

/// Adds up the parts of one run: histograms, counts, seconds. What one part was INVALID for the
/// whole is too; as well when a part is missing, or when starts or clocks were more than half a
/// second apart. Throws base::failure when they are not parts of one schedule, or one comes twice.
[[nodiscard]] merged_run merge_runs(const std::vector<stored_run>& parts);

/// `tacit-bench merge`: returns the exit status. Throws base::failure.
[[nodiscard]] int merge(const merge_options& options);

}  // namespace tacit::bench
