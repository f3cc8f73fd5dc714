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

/// What the harness says about lines of a file that became no requests; empty when there are none.
[[nodiscard]] std::string describe_rejected(const formats::rejections& rejected,
                                            std::size_t requests, const std::string& path);
[[nodiscard]] nlohmann::ordered_json rejected_to_json(const formats::rejections& rejected,
                                                      std::size_t requests);

/// The exit status that a result deserves: 1 for errors of the target (unless an objective
/// is about them), 3 for INVALID, 4 for a missed objective, else 0.
[[nodiscard]] int exit_status_of(const outcome& result) noexcept;

}  // namespace tacit::bench
