#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "bench/formats/combined_log.hpp"
#include "bench/options.hpp"
#include "bench/verdict.hpp"

namespace tacit::bench {

/// One measured phase with everything that is known about it.
struct outcome {
  phase_result phase;
  cost spent;
  run_facts facts;
  verdict judged;
};

/// Carries out one phase on open connections, sampled before and after, and judges it.
[[nodiscard]] outcome measure(driver& connected, sampler& costs, const load& phase,
                              unsigned connections_asked, const std::atomic<bool>& stop,
                              const validity_bounds& bounds = {});

/// The schedule that the options ask for, where it is not the log's own.
[[nodiscard]] schedule schedule_for(const drive_options& drive);

/// The requests of a log, with what their answers have to be.
[[nodiscard]] traffic_source traffic_from(const formats::combined_log& log,
                                          const std::string& authority, check_kind check,
                                          std::uint64_t body_bytes_max);

/// `tacit-bench run`: returns the exit status. Throws base::failure before anything was sent.
[[nodiscard]] int run(const run_options& options, const std::atomic<bool>& stop);

/// `tacit-bench replay`: as run.
[[nodiscard]] int replay(const replay_options& options, const std::atomic<bool>& stop);

}  // namespace tacit::bench
