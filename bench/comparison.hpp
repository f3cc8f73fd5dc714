#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/run.hpp"

namespace tacit::bench {

/// The columns of the table.
enum class column {
  throughput,
  latency_p50,
  latency_p99,
  latency_p99_9,
  cpu,
  allocations,
  allocated_bytes,
  switches,
  rss,
  threads,
};
inline constexpr std::size_t columns = 10;

/// What one figure was in each round. Rounds in which it is not known are absent.
struct series {
  std::vector<double> values;

  [[nodiscard]] bool empty() const noexcept { return values.empty(); }
  [[nodiscard]] double median() const;
  [[nodiscard]] double lowest() const;
  [[nodiscard]] double highest() const;
};

/// What remains of one pass: the figures, and everything as JSON.
struct pass {
  std::string kind;  ///< "capacity" (closed loop) or "paced"
  nlohmann::ordered_json document;
  std::array<std::optional<double>, columns> figures;
  std::uint64_t errors = 0;
  std::vector<std::string> error_examples;
  std::vector<invalid_reason> invalid_reasons;

  /// Whether the machine was in the way, so that the figures say nothing.
  [[nodiscard]] bool is_disturbed() const noexcept;
};

/// Extracts what a comparison needs from a measured phase.
[[nodiscard]] pass to_pass(const outcome& result, std::string kind);

/// How often the machine was in a contender's way.
struct disturbance {
  std::size_t passes = 0;
  std::size_t disturbed = 0;
  std::string example;  ///< One of the reasons.
};

/// One contender and its passes, round by round.
struct competitor {
  std::string name;
  std::vector<std::vector<pass>> rounds;

  /// A column over the rounds. Throughput is that of capacity passes, latency and costs are those
  /// of paced ones, each where the other kind was not run too; RSS and threads are the highest of
  /// either. Disturbed passes are left out, unless there are no others: then the comparison is
  /// INVALID and shows what there is.
  [[nodiscard]] series over_rounds(column which) const;

  [[nodiscard]] disturbance disturbed() const;
};

/// What all contenders did, and what it says.
struct comparison {
  std::string workload;
  std::string load;
  std::vector<competitor> competitors;
  std::vector<std::string> skipped;  ///< In words, with the reason.
  std::optional<double> paced_rate_per_s;

  /// Why the whole is INVALID; empty when it is not. Disturbed passes are left out of the medians
  /// and make it INVALID where a contender has half of its passes disturbed or more; counts that do
  /// not add up always do.
  [[nodiscard]] std::vector<std::string> invalid_reasons() const;
  [[nodiscard]] std::uint64_t errors() const noexcept;
};

/// One sentence per column on what it says. "No difference shown" wherever the best and the worst
/// contender's rounds overlap.
[[nodiscard]] std::vector<std::string> sentences(const comparison& what);

/// One sentence per contender on its CPU per request as a share of `reference`'s, paired round by
/// round; empty when the reference did not take part.
[[nodiscard]] std::vector<std::string> cpu_ratios(const comparison& what,
                                                  const std::string& reference);

[[nodiscard]] std::string to_table(const comparison& what);
[[nodiscard]] nlohmann::ordered_json to_json(const comparison& what);

}  // namespace tacit::bench
