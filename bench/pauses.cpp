#include "bench/pauses.hpp"

#include <algorithm>

namespace tacit::bench {

const char* name_of(pause_scope scope) noexcept {
  constexpr std::array names{"all", "one", "unclear"};
  return names[static_cast<std::size_t>(scope)];
}

const char* name_of(pause_origin origin) noexcept {
  constexpr std::array names{"target", "machine", "harness"};
  return names[static_cast<std::size_t>(origin)];
}

const char* name_of(pause_cause cause) noexcept {
  constexpr std::array names{"stopped", "scheduled_out", "computing", "waiting", "unknown"};
  return names[static_cast<std::size_t>(cause)];
}

namespace {

/// Paused time before a moment, from sums up to each pause.
class paused_time {
 public:
  explicit paused_time(const std::vector<interval>& pauses) : pauses_{pauses} {
    before_.reserve(pauses.size());
    std::int64_t sum = 0;
    for (const auto& one : pauses) {
      before_.push_back(sum);
      sum += one.length_ns();
    }
  }

  [[nodiscard]] std::int64_t until(std::int64_t at_ns) const {
    const auto after =
        std::upper_bound(pauses_.begin(), pauses_.end(), at_ns,
                         [](std::int64_t at, const interval& one) { return at < one.start_ns; });
    if (after == pauses_.begin()) return 0;
    const auto last = static_cast<std::size_t>(after - pauses_.begin()) - 1;
    return before_[last] + std::min(at_ns, pauses_[last].end_ns) - pauses_[last].start_ns;
  }

 private:
  const std::vector<interval>& pauses_;
  std::vector<std::int64_t> before_;
};

}  // namespace

std::optional<double> minimum_utilisation(const std::vector<interval>& pauses, const interval& run,
                                          std::int64_t window_ns) {
  if (run.length_ns() < window_ns || window_ns <= 0) return std::nullopt;
  const paused_time paused{pauses};
  std::int64_t most = 0;
  // The paused time in a window is a function of its start with straight pieces, whose highest
  // points are windows that begin with a pause or end with one.
  const auto look = [&](std::int64_t start) {
    start = std::clamp(start, run.start_ns, run.end_ns - window_ns);
    most = std::max(most, paused.until(start + window_ns) - paused.until(start));
  };
  for (const auto& one : pauses) {
    look(one.start_ns);
    look(one.end_ns - window_ns);
  }
  return 1 - static_cast<double>(most) / static_cast<double>(window_ns);
}

pause_figures figures_of(const std::vector<interval>& pauses, const interval& run) {
  pause_figures out;
  for (const auto& one : pauses) {
    for (std::size_t i = 0; i < pause_bounds_ns.size(); ++i)
      out.counts[i] += one.length_ns() > pause_bounds_ns[i];
    out.longest_ns = std::max(out.longest_ns, one.length_ns());
    out.total_ns += one.length_ns();
  }
  for (std::size_t i = 0; i < mmu_windows_ns.size(); ++i)
    out.mmu[i] = minimum_utilisation(pauses, run, mmu_windows_ns[i]);
  return out;
}

double pause_report::per_s(const pause_figures& of, std::size_t bound) const noexcept {
  return run.length_ns() > 0 ? static_cast<double>(of.counts[bound]) / duration_s() : 0;
}

double pause_report::share(const pause_figures& of) const noexcept {
  return run.length_ns() > 0
             ? static_cast<double>(of.total_ns) / static_cast<double>(run.length_ns())
             : 0;
}

}  // namespace tacit::bench
