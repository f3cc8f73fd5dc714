#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/difference.hpp"
#include "bench/figure.hpp"

namespace tacit::bench {

/// One figure of the four cells, round by round. All four lists are equally long.
struct cell_values {
  std::span<const double> coroutine_arena;
  std::span<const double> coroutine_heap;
  std::span<const double> thread_arena;
  std::span<const double> thread_heap;
};

/// A figure's matrix split into its parts (a 2x2 factorial design, paired by round). With ratios
/// the values are logarithms, so an effect is a factor; with differences it is a sum.
///
///     threads      thread against coroutine mode, the mean over both memory modes
///     allocation   heap against arena memory, the mean over both threading modes
///     interaction  what heap costs more with threads than it costs with coroutines; "none" means
///                  that the two effects just multiply (or add)
struct attribution {
  figure_scale scale = figure_scale::ratio;
  mean_interval threads;
  mean_interval allocation;
  mean_interval interaction;
  std::size_t rounds = 0;
};

/// nullopt with fewer than two rounds, or where a ratio has a figure that is not positive.
[[nodiscard]] std::optional<attribution> attribute(const cell_values& values, figure_scale scale,
                                                   const confidence& asked, double resolution = 0);

/// What is split, in the order in which it is reported.
[[nodiscard]] std::span<const figure> attributed_figures();

/// One figure's parts.
struct named_attribution {
  const figure* which = nullptr;
  attribution found;

  /// "CPU per request: threads +12.0 % (+9.0 % to +15.0 %); heap no difference shown (...); ..."
  [[nodiscard]] std::string sentence() const;
};

/// Splits every figure that is known of all four cells. Empty unless all four take part. All
/// effects together claim one that is none in at most one of a hundred comparisons.
[[nodiscard]] std::vector<named_attribution> attribute(const comparison& what);

/// Three sentences: on threads, on allocation and on what they do to each other, over all figures.
[[nodiscard]] std::vector<std::string> attribution_summary(
    const std::vector<named_attribution>& parts);

[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<named_attribution>& parts);

}  // namespace tacit::bench
