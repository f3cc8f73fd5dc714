#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/run.hpp"

namespace tacit::bench {

/// Everything that was recorded, so that a run can be read again: histograms, seconds, and what the
/// target took over time. For the JSON of a run, beside what to_json() says in figures.
[[nodiscard]] nlohmann::ordered_json recording_json(const outcome& result);

/// A run as its JSON has it.
struct stored_run {
  std::string path;  ///< For messages.
  nlohmann::ordered_json document;
  run_plan plan;
  double start_unix_s = 0;
};

/// Reads the JSON of `run` or `replay`. Throws base::failure that names the file and what is wrong.
[[nodiscard]] stored_run read_stored_run(const std::string& path);

/// The run again, up to what a histogram resolves; its monotonic start is 0. `later_s` moves it by
/// so much: its start, and its seconds by as many whole ones. Errors as read_stored_run().
[[nodiscard]] outcome restored(const stored_run& from, double later_s = 0);

}  // namespace tacit::bench
