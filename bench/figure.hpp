#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/comparison.hpp"

namespace tacit::bench {

/// How two values of a figure are set against each other.
enum class figure_scale : std::uint8_t {
  ratio,       ///< As a multiple.
  difference,  ///< By subtraction: for what may be 0, as allocations.
};

/// One number of a pass, where it is found and how it is shown.
struct figure {
  const char* key;      ///< In JSON.
  const char* subject;  ///< Of a sentence: "CPU per request".
  const char* pointer;  ///< Into the JSON of a pass, as RFC 6901 has it.
  /// The kind of pass that it is of, where a round has several; "highest": of any of them.
  const char* kind = "paced";
  figure_scale scale = figure_scale::ratio;
  const char* unit = "";  ///< Behind a difference.
  int decimals = 1;
  /// Differences below it are noise of the counting. Of figures whose scale is difference.
  double resolution = 0;
};

/// The figure in one round: of the pass of its kind, or of the only one. nullopt where no pass that
/// counts has it; disturbed passes count `with_disturbed` only.
[[nodiscard]] std::optional<double> value_in(const std::vector<pass>& round, const figure& which,
                                             bool with_disturbed);

/// The figure round by round. Disturbed passes are left out unless there are no others.
[[nodiscard]] series over_rounds(const competitor& who, const figure& which);

/// Several contenders' values of the same rounds.
struct paired_values {
  std::vector<std::vector<double>> of;  ///< One list per contender, all equally long.
};

/// The rounds in which all of them have the figure, undisturbed; where there is none, with the
/// disturbed ones.
[[nodiscard]] paired_values over_common_rounds(const std::vector<const competitor*>& all,
                                               const figure& which);

}  // namespace tacit::bench
