#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/difference.hpp"
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

/// How a column is named and shown.
struct column_text {
  const char* key;      // in JSON
  const char* head;     // of the table
  const char* unit;     // second line of the head
  const char* subject;  // of its sentence
  const char* measure;  // behind a number in its sentence
  bool more_is_better = false;
  int decimals = 1;
};
[[nodiscard]] const column_text& text_of(column which);

/// A figure of a column as it is shown, without its unit.
[[nodiscard]] std::string number(column which, double value);

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
  std::string kind;  ///< "capacity" (closed loop), "paced", or "flood"
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

/// Sets a pass's figures from its document.
void set_figures(pass& out);

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

/// What differences are claimed of: the columns that a comparison is for. The others describe.
inline constexpr std::array headlines{column::throughput, column::latency_p50, column::latency_p99,
                                      column::cpu};

/// `to` against `from` in one column, paired round by round. Rounds in which either side was
/// disturbed or its figure is not known are left out, unless all are disturbed. nullopt where fewer
/// than two are left.
[[nodiscard]] std::optional<difference> paired_difference(const competitor& from,
                                                          const competitor& to, column which,
                                                          const confidence& asked);

/// A headline of one contender against the first one's.
struct named_difference {
  std::string contender;
  std::string reference;
  column which = column::throughput;
  difference found;

  [[nodiscard]] std::string sentence() const;
};

/// What all contenders did, and what it says.
struct comparison {
  std::string workload;
  std::string load;
  std::vector<competitor> competitors;
  std::vector<std::string> skipped;  ///< In words, with the reason.
  std::vector<std::string> notes;    ///< True and worth saying.
  std::optional<double> paced_rate_per_s;
  std::optional<double> flood_per_s;  ///< At most; see compare_options.
  /// Its latencies are set against those of the others; empty: no such sentences.
  std::string latency_reference;
  std::uint64_t seed = 1;  ///< Of the intervals.

  /// Every other contender against the first one, in every headline. All of them together claim a
  /// difference that is none in at most one of a hundred comparisons.
  [[nodiscard]] std::vector<named_difference> differences() const;

  /// Why the whole is INVALID; empty when it is not. Disturbed passes are left out of the medians
  /// and make it INVALID where a contender has half of its passes disturbed or more; counts that do
  /// not add up always do.
  [[nodiscard]] std::vector<std::string> invalid_reasons() const;
  [[nodiscard]] std::uint64_t errors() const noexcept;
};

}  // namespace tacit::bench
