#include "bench/timeline.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "bench/durations.hpp"

namespace tacit::bench {
namespace {

bool is_before(const timeline_row& a, const timeline_row& b) {
  return a.second < b.second;
}

}  // namespace

void timeline_row::add(const timeline_row& other) {
  sent += other.sent;
  answered += other.answered;
  errors += other.errors;
  lag_ns_max = std::max(lag_ns_max, other.lag_ns_max);
  latency_ns_max = std::max(latency_ns_max, other.latency_ns_max);
  const auto both = latency;
  latency.clear();
  auto mine = both.begin();
  for (const auto& theirs : other.latency) {
    while (mine != both.end() && mine->first < theirs.first)
      latency.push_back(*mine++);
    latency.push_back(theirs);
    if (mine != both.end() && mine->first == theirs.first) latency.back().second += mine++->second;
  }
  latency.insert(latency.end(), mine, both.end());
}

void timeline_row::add_latency_to(observe::histogram& into) const {
  if (latency.empty()) return;
  for (const auto& [slot, count] : latency) {
    const bool has_max = slot == latency.back().first;
    into.record(into.lowest_in_slot(slot), count - has_max);
    // What is beyond the range has been counted in the last slot, and is again.
    if (has_max) into.record(latency_ns_max);
  }
}

void timeline::begin(std::int64_t origin_ns, timeline_watcher* watcher) {
  watcher_ = watcher;
  origin_ns_ = origin_ns;
  row_ends_ns_ = origin_ns + second_ns;
}

/// Makes the second of `now_ns` the one that runs. Returns whether anything is recorded at all.
bool timeline::turn_to(std::int64_t now_ns) {
  if (origin_ns_ < 0) return false;
  if (now_ns < row_ends_ns_) return true;
  finish();
  row_.second = std::min((now_ns - origin_ns_) / second_ns, seconds_max - 1);
  row_ends_ns_ =
      row_.second == seconds_max - 1 ? INT64_MAX : origin_ns_ + (row_.second + 1) * second_ns;
  return true;
}

void timeline::on_sent(std::int64_t now_ns, std::uint64_t lag_ns) {
  if (!turn_to(now_ns)) return;
  ++row_.sent;
  row_.lag_ns_max = std::max(row_.lag_ns_max, lag_ns);
}

void timeline::on_answer(std::int64_t now_ns, std::uint64_t latency_ns) {
  if (!turn_to(now_ns)) return;
  ++row_.answered;
  latency_.record(latency_ns);
}

void timeline::on_error(std::int64_t now_ns) {
  if (turn_to(now_ns)) ++row_.errors;
}

void timeline::finish() {
  if (row_.sent + row_.answered + row_.errors == 0) return;
  if (latency_.count() > 0) {
    const auto slots = latency_.slots();
    // Only what lies between the extremes can be there.
    const auto last =
        latency_.saturated() > 0 ? slots.size() - 1 : latency_.slot_of(latency_.max());
    for (auto slot = std::min(latency_.slot_of(latency_.min()), last); slot <= last; ++slot) {
      if (slots[slot] > 0) {
        row_.latency.emplace_back(static_cast<std::uint32_t>(slot), slots[slot]);
      }
    }
    row_.latency_ns_max = latency_.max();
    latency_.reset();
  }
  timeline_row done;
  std::swap(done, row_);
  row_.second = done.second;
  if (watcher_ != nullptr) watcher_->on_second(done);
  if (!rows_.empty() && rows_.back().second == done.second) {
    rows_.back().add(done);
  } else {
    rows_.push_back(std::move(done));
  }
}

void timeline::merge(const timeline& other) {
  for (const auto& row : other.rows_) {
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), row, is_before);
    if (at != rows_.end() && at->second == row.second) {
      at->add(row);
    } else {
      rows_.insert(at, row);
    }
  }
}

std::string to_csv(const timeline& what) {
  std::string out = "second,sent,answered,errors,p50_us,p90_us,p99_us,p99_9_us,max_us,lag_max_us\n";
  observe::histogram latency;
  std::int64_t next = 0;
  for (const auto& row : what.rows()) {
    for (; next < row.second; ++next)
      out += fmt::format("{},0,0,0,,,,,,\n", next);
    latency.reset();
    row.add_latency_to(latency);
    out += fmt::format("{},{},{},{}", next++, row.sent, row.answered, row.errors);
    for (const double percentile : {50.0, 90.0, 99.0, 99.9, 100.0}) {
      out += row.answered == 0
                 ? ","
                 : fmt::format(",{:.1f}",
                               static_cast<double>(latency.at_percentile(percentile)) / 1e3);
    }
    out += fmt::format(",{:.1f}\n", static_cast<double>(row.lag_ns_max) / 1e3);
  }
  return out;
}

}  // namespace tacit::bench
