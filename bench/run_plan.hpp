#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/connections.hpp"

namespace tacit::bench {

/// How far another clock is ahead of ours, in seconds: somewhere between the two.
struct clock_offset {
  double low_s = 0;
  double high_s = 0;
};

/// The one schedule of a run and which part of it this process sends. Results of processes that
/// share a schedule can be added up.
struct run_plan {
  std::string target;
  std::string pace;  ///< The schedule in words, the seed included; how long it lasts.
  share part;        ///< Of the processes.
  /// The moment on the wall clock that all parts were told to begin at.
  std::optional<double> agreed_start_unix_s = {};
  /// The target's clock, which all parts see, against our own.
  std::optional<clock_offset> target_clock = {};

  [[nodiscard]] bool is_whole() const noexcept { return part.of == 1; }
};

[[nodiscard]] nlohmann::ordered_json to_json(const run_plan& plan);
/// Throws nlohmann::json::exception when it is none.
[[nodiscard]] run_plan plan_of(const nlohmann::ordered_json& document);

}  // namespace tacit::bench
