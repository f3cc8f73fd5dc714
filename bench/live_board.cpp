#include "bench/live_board.hpp"

#include <utility>

namespace tacit::bench {

void live_board::on_second(const timeline_row& row) {
  const std::lock_guard guard{mutex_};
  const auto [at, is_new] = rows_.try_emplace(row.second, row);
  if (!is_new) at->second.add(row);
  if (rows_.size() > seconds_max) rows_.erase(rows_.begin());
}

std::vector<timeline_row> live_board::take_before(std::int64_t second) {
  const std::lock_guard guard{mutex_};
  std::vector<timeline_row> out;
  while (!rows_.empty() && rows_.begin()->first < second) {
    out.push_back(std::move(rows_.begin()->second));
    rows_.erase(rows_.begin());
  }
  return out;
}

}  // namespace tacit::bench
