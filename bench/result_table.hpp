#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/figure.hpp"

namespace tacit::bench {

/// A column of a table: which figure, and how it is shown.
struct table_column {
  figure which;
  const char* head;
  const char* unit;
  double shown_per = 1;    ///< The figure is divided by it.
  bool is_detail = false;  ///< Not on a terminal, which is narrow.
};

/// Which tables there are.
enum class table_kind {
  flood,  ///< Every contender at the rate that it carries.
  paced,  ///< The same rate for all.
  costs,  ///< What a request and a connection cost at that rate.
};
[[nodiscard]] const char* name_of(table_kind kind) noexcept;
[[nodiscard]] const char* title_of(table_kind kind) noexcept;
[[nodiscard]] const std::vector<table_column>& columns_of(table_kind kind);

/// A figure of one contender over the rounds.
struct table_cell {
  double median = 0;
  double low = 0;  ///< Of the interval of the mean: 95 % for this figure alone.
  double high = 0;
  double lowest = 0;
  double highest = 0;
  std::size_t rounds = 0;

  /// Whether there was more than one round, so that there is an interval.
  [[nodiscard]] bool has_interval() const noexcept { return rounds >= 2; }
  [[nodiscard]] bool overlaps(const table_cell& other) const noexcept {
    return low <= other.high && other.low <= high;
  }
};

/// nullopt without values. The interval is of the mean of the logarithms where all values are
/// positive, else of the mean itself, and then not below 0.
[[nodiscard]] std::optional<table_cell> cell_of(const series& values, std::uint64_t seed);

struct table_row {
  std::string contender;
  std::vector<std::optional<table_cell>> cells;  ///< One per column; nullopt: not known.
};

struct result_table {
  table_kind kind = table_kind::costs;
  std::vector<table_row> rows;
};

/// The tables that a comparison has figures for.
[[nodiscard]] std::vector<result_table> tables_of(const comparison& what);

/// Medians, and below each its interval.
[[nodiscard]] std::string to_text(const result_table& table);
[[nodiscard]] nlohmann::ordered_json to_json(const result_table& table);

/// Three digits that say something: "0.124", "12.4", "12,400".
[[nodiscard]] std::string short_number(double value);

}  // namespace tacit::bench
