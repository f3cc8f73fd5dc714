#pragma once

#include "bench/driver.hpp"
#include "bench/options.hpp"

namespace tacit::bench {

/// Throws base::failure if one of the files cannot be written.
void check_writable(const output_paths& outputs);

/// Writes `.hgrm`, `.hlog` and `.csv` of a phase, where they are asked for. In the log the
/// intervals of the latency have no tag; behind them service_time and schedule_lag stand for the
/// whole run. Throws base::failure.
void write_recorded(const phase_result& phase, const output_paths& outputs);

/// `tacit-bench histogram`: shows what is in files of this and other tools, and writes what it adds
/// up to. Returns the exit status: 1 when lines were left out. Throws base::failure.
[[nodiscard]] int show_histograms(const histogram_options& options);

}  // namespace tacit::bench
