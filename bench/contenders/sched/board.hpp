#pragma once

#include <array>

namespace tacit::bench::contenders::sched {

inline constexpr int side_max = 16;

/// The queens set so far, one in each column from the left. Copied for every task of nqueens.
struct board {
  std::array<unsigned char, side_max> rows;

  /// Whether a queen in `row` of `column` is attacked by none of the columns before it.
  [[nodiscard]] bool is_safe(int column, int row) const {
    for (int other = 0; other < column; ++other) {
      const int at = rows[static_cast<unsigned>(other)];
      const int apart = column - other;
      if (at == row || at == row - apart || at == row + apart) return false;
    }
    return true;
  }

  [[nodiscard]] board with_queen(int column, int row) const {
    board out = *this;
    out.rows[static_cast<unsigned>(column)] = static_cast<unsigned char>(row);
    return out;
  }
};

}  // namespace tacit::bench::contenders::sched
