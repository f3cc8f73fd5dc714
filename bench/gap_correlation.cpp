#include "bench/gap_correlation.hpp"

#include <algorithm>

// Two passes. The first walks through the stalls of all probes at once and cuts out where all of
// them overlap: pauses of all. The second unites the pieces that are left: pauses of some.

namespace tacit::bench {

std::int64_t probe_grid::next_ns(unsigned probe, std::int64_t at_ns) const noexcept {
  const auto first = first_ns(probe);
  if (at_ns <= first) return first;
  return first + (at_ns - first + period_ns - 1) / period_ns * period_ns;
}

std::vector<interval> united(std::vector<interval> of) {
  std::sort(of.begin(), of.end(),
            [](const auto& a, const auto& b) { return a.start_ns < b.start_ns; });
  std::vector<interval> out;
  for (const auto& one : of) {
    if (!out.empty() && one.start_ns <= out.back().end_ns) {
      out.back().end_ns = std::max(out.back().end_ns, one.end_ns);
    } else {
      out.push_back(one);
    }
  }
  return out;
}

std::int64_t covered_ns(const interval& of, const std::vector<interval>& by) {
  std::int64_t out = 0;
  auto at = std::partition_point(by.begin(), by.end(),
                                 [&](const auto& one) { return one.end_ns <= of.start_ns; });
  for (; at != by.end() && at->start_ns < of.end_ns; ++at)
    out += std::min(at->end_ns, of.end_ns) - std::max(at->start_ns, of.start_ns);
  return out;
}

namespace {

/// A wait that is longer than usual.
struct stall {
  interval waited;                   // until the answer
  interval when;                     // the same, less what is usual
  std::int64_t rest;                 // from where on it belongs to no pause yet
  std::int64_t recovery_ns_max = 0;  // so much of the rest is recovery, if it is no more
};

using stalls = std::vector<std::vector<stall>>;

stalls stalls_of(const std::vector<std::vector<interval>>& waits, const gap_bounds& bounds) {
  stalls out(waits.size());
  for (std::size_t k = 0; k < waits.size(); ++k) {
    for (const auto& wait : waits[k]) {
      const interval when{wait.start_ns, wait.end_ns - bounds.usual_ns};
      if (when.length_ns() > 0) out[k].push_back({wait, when, when.start_ns, 0});
    }
  }
  return out;
}

class correlation {
 public:
  correlation(const probe_grid& grid, const std::vector<std::vector<interval>>& waits,
              const gap_bounds& bounds)
      : grid_{grid}, bounds_{bounds}, stalls_{stalls_of(waits, bounds)}, at_(waits.size(), 0) {}

  std::vector<seen_pause> result() {
    cut_out_all();
    for (auto& of_probe : stalls_) {
      for (auto& one : of_probe)
        cut(one, one.when.end_ns);
    }
    unite_pieces();
    std::sort(out_.begin(), out_.end(),
              [](const auto& a, const auto& b) { return a.when.start_ns < b.when.start_ns; });
    return std::move(out_);
  }

 private:
  [[nodiscard]] stall& active(std::size_t k) { return stalls_[k][at_[k]]; }

  [[nodiscard]] bool has_all() const {
    for (std::size_t k = 0; k < stalls_.size(); ++k) {
      if (at_[k] == stalls_[k].size()) return false;
    }
    return !stalls_.empty();
  }

  void cut_out_all() {
    while (has_all()) {
      interval overlap{active(0).when};
      std::size_t first_to_end = 0;
      for (std::size_t k = 1; k < stalls_.size(); ++k) {
        overlap.start_ns = std::max(overlap.start_ns, active(k).when.start_ns);
        if (active(k).when.end_ns < overlap.end_ns) first_to_end = k;
        overlap.end_ns = std::min(overlap.end_ns, active(k).when.end_ns);
      }
      if (overlap.length_ns() > 0) add_all(overlap);
      ++at_[first_to_end];
    }
  }

  /// When probe k was last answered before its active stall, as far as its schedule tells.
  [[nodiscard]] std::int64_t progress_before(std::size_t k) {
    const auto due_before = active(k).when.start_ns - grid_.period_ns;
    if (at_[k] == 0) return due_before;
    const auto& before = stalls_[k][at_[k] - 1];
    return before.waited.end_ns > due_before ? before.when.end_ns : due_before;
  }

  void add_all(const interval& overlap) {
    std::int64_t progress = progress_before(0);
    for (std::size_t k = 1; k < stalls_.size(); ++k)
      progress = std::max(progress, progress_before(k));
    interval when = overlap;
    for (std::size_t k = 0; k < stalls_.size(); ++k) {
      const auto start = active(k).when.start_ns;
      if (start >= progress) when.start_ns = std::min(when.start_ns, start);
    }
    if (when.length_ns() < bounds_.floor_ns) return;
    out_.push_back({when, pause_scope::all, static_cast<unsigned>(stalls_.size())});
    for (std::size_t k = 0; k < stalls_.size(); ++k) {
      cut(active(k), when.start_ns);
      active(k).rest = when.end_ns;
      active(k).recovery_ns_max = when.length_ns();
    }
  }

  /// What of a stall lies before `until` and belongs to no pause yet becomes a piece.
  void cut(const stall& of, std::int64_t until) {
    if (until - of.rest > of.recovery_ns_max) pieces_.push_back({of.rest, until});
  }

  void unite_pieces() {
    std::sort(pieces_.begin(), pieces_.end(),
              [](const auto& a, const auto& b) { return a.start_ns < b.start_ns; });
    std::vector<std::int64_t> ends;  // of those that overlap the last start
    for (const auto& piece : pieces_) {
      const bool is_new =
          ends.empty() || *std::max_element(ends.begin(), ends.end()) <= piece.start_ns;
      if (is_new) finish_piece();
      std::erase_if(ends, [&](auto end) { return end <= piece.start_ns; });
      ends.push_back(piece.end_ns);
      if (is_new) some_ = {piece, pause_scope::unclear, 1};
      some_.when.end_ns = std::max(some_.when.end_ns, piece.end_ns);
      some_.probes = std::max(some_.probes, static_cast<unsigned>(ends.size()));
    }
    finish_piece();
  }

  void finish_piece() {
    if (some_.when.length_ns() >= bounds_.floor_ns) {
      some_.scope = has_progress(some_.when) ? pause_scope::one : pause_scope::unclear;
      out_.push_back(some_);
    }
    some_ = {};
  }

  /// Whether some probe was answered to what was due in this time, and before its end.
  [[nodiscard]] bool has_progress(const interval& in) const {
    const auto in_time = std::max(bounds_.usual_ns, bounds_.floor_ns);
    for (std::size_t k = 0; k < stalls_.size(); ++k) {
      const auto& own = stalls_[k];
      auto at = std::partition_point(own.begin(), own.end(), [&](const auto& one) {
        return one.waited.end_ns <= in.start_ns;
      });
      auto due = grid_.next_ns(static_cast<unsigned>(k), in.start_ns);
      while (due + in_time <= in.end_ns) {
        if (at == own.end() || due < at->waited.start_ns) return true;
        // A stall that ended well before the others did was answered too.
        if (at->when.start_ns >= in.start_ns && at->when.end_ns + bounds_.floor_ns <= in.end_ns) {
          return true;
        }
        due = grid_.next_ns(static_cast<unsigned>(k), at->waited.end_ns);
        ++at;
      }
    }
    return false;
  }

  const probe_grid& grid_;
  const gap_bounds& bounds_;
  stalls stalls_;
  std::vector<std::size_t> at_;  // of each probe the stall that is looked at
  std::vector<interval> pieces_;
  seen_pause some_;
  std::vector<seen_pause> out_;
};

}  // namespace

std::vector<seen_pause> correlate(const probe_grid& grid,
                                  const std::vector<std::vector<interval>>& waits,
                                  const gap_bounds& bounds) {
  return correlation{grid, waits, bounds}.result();
}

}  // namespace tacit::bench
