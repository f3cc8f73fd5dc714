#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tacit::bench {

/// One start of a contender, alone in the budget.
struct lone_start {
  std::int64_t startup_ns = 0;  ///< From before the start to the first answer.
  std::uint64_t idle_bytes = 0;
  std::uint64_t loaded_bytes =
      0;  ///< Charged once the load is over and its connections are closed.
};

/// One contender and how much of it fits.
struct density_row {
  std::string name;
  std::vector<lone_start> starts;   ///< By round.
  unsigned started = 0;             ///< Instances that ran at once, before one was too many.
  unsigned fitted = 0;              ///< Of these, as many as all answered when all were asked.
  std::uint64_t charged_bytes = 0;  ///< To all that fitted, together.
  std::string limit;                ///< Why there was not one more.
};

/// What was measured, and within which bounds.
struct density {
  std::uint64_t memory_bytes = 0;
  double cpus = 0;
  int group_version = 0;
  unsigned load_requests = 0;
  std::vector<density_row> rows;
  std::vector<std::string> skipped;  ///< Contenders, and why.
};

/// The value below which a share of them lies (nearest rank); 0 for none.
[[nodiscard]] double quantile(std::vector<double> values, double share);

/// How a row's starts compare with those of another in the same rounds.
struct start_ratio {
  double median = 0;
  double lower = 0;  ///< First and third quartile.
  double upper = 0;
};
[[nodiscard]] start_ratio compare_starts(const density_row& row, const density_row& with);

[[nodiscard]] std::string to_table(const density& result);
/// Schema 2: fields are added, never renamed.
[[nodiscard]] nlohmann::ordered_json to_json(const density& result);

}  // namespace tacit::bench
