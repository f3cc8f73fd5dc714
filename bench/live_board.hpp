#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "bench/timeline.hpp"

namespace tacit::bench {

/// The seconds of a run as they end, for whoever shows them while it goes on.
///
/// Threads:  add() from every thread of the harness, once a second each; take() from one.
/// Memory:   bounded; when nobody takes them, the oldest seconds are forgotten.
class live_board final : public timeline_watcher {
 public:
  void on_second(const timeline_row& row) override;

  /// The seconds that came before `second` and were not taken yet, all threads together.
  [[nodiscard]] std::vector<timeline_row> take_before(std::int64_t second);

 private:
  static constexpr std::size_t seconds_max = 600;

  std::mutex mutex_;
  std::map<std::int64_t, timeline_row> rows_;  // Guarded by mutex_.
};

}  // namespace tacit::bench
