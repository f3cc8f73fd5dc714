#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tacit::bench {

/// A figure whose intervals in two reports do not overlap, as far as the tables show.
struct disagreement {
  std::string table;
  std::string contender;
  std::string figure;
  double before_low = 0;
  double before_high = 0;
  double now_low = 0;
  double now_high = 0;

  [[nodiscard]] std::string sentence() const;
};

/// Whether two reports tell the same.
struct agreement {
  std::size_t compared = 0;  ///< Figures that both have with an interval.
  std::vector<disagreement> disagreements;
  std::vector<std::string> only_before;  ///< "flood, zgc": rows that one of them lacks.
  std::vector<std::string> only_now;

  /// Whether no more than one in twenty disagrees: some do by chance.
  [[nodiscard]] bool holds() const noexcept { return disagreements.size() * 20 <= compared; }
  [[nodiscard]] std::string sentence() const;
};

/// Sets the tables of two reports (their JSON) against each other. Throws base::failure where one
/// is no report.
[[nodiscard]] agreement agree(const nlohmann::ordered_json& before,
                              const nlohmann::ordered_json& now);

[[nodiscard]] nlohmann::ordered_json to_json(const agreement& found);

}  // namespace tacit::bench
