#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/run.hpp"

namespace tacit::bench {

/// What a run was, in words for the head of its report.
struct run_title {
  std::string kind;    ///< "run" or "replay"
  std::string target;  ///< The URL.
  std::string load;    ///< "64 connections, pipeline 16, closed loop, 10 s"
};

/// The results as JSON, schema 1: fields are added, never renamed. What is not known is null.
[[nodiscard]] nlohmann::ordered_json to_json(const outcome& result);

/// The results as a table for a terminal.
[[nodiscard]] std::string to_table(const outcome& result, const run_title& title);

/// What the harness says about lines of a log that became no requests; empty when there are none.
[[nodiscard]] std::string describe_rejected(const formats::combined_log& log,
                                            const std::string& path);
[[nodiscard]] nlohmann::ordered_json rejected_to_json(const formats::combined_log& log);

/// The exit status that a result deserves: 1 for errors of the target, 3 for INVALID, else 0.
[[nodiscard]] int exit_status_of(const outcome& result) noexcept;

}  // namespace tacit::bench
