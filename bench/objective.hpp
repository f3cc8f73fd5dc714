#pragma once

#include <string>
#include <vector>

#include "bench/driver.hpp"

namespace tacit::bench {

/// What a run has to reach, such as p99<5ms, rate>=1000 or errors<0.1%.
struct objective {
  enum class subject { percentile, mean, rate, errors };
  enum class order { below, at_most, above, at_least };

  std::string text;  ///< As it was given.
  subject what = subject::percentile;
  double percentile = 0;  ///< 100 for max.
  order relation = order::below;
  double bound = 0;  ///< ns, requests per second, or a share of the requests.

  /// The figure of a run that the objective is about, in the unit of `bound`.
  [[nodiscard]] double figure_of(const phase_result& run) const;
  [[nodiscard]] bool holds(double figure) const noexcept;
};

/// Throws base::failure (usage) when the text is no objective.
[[nodiscard]] objective parse_objective(const std::string& text);

/// An objective and what came of it.
struct objective_result {
  objective asked;
  double figure = 0;
  bool is_met = false;

  /// "p99<5ms: 3.2 ms, met".
  [[nodiscard]] std::string sentence() const;
};

[[nodiscard]] std::vector<objective_result> judge_objectives(const std::vector<objective>& asked,
                                                             const phase_result& run);

}  // namespace tacit::bench
