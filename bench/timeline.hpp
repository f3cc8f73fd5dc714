#pragma once

#include <cstdint>
#include <string>
#include <tacit/observe/histogram.hpp>
#include <utility>
#include <vector>

namespace tacit::bench {

/// What happened in one second of a run.
struct timeline_row {
  std::int64_t second = 0;  ///< From 0; seconds in which nothing happened have no row.
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t errors = 0;
  std::uint64_t lag_ns_max = 0;

  /// Latencies from the due time of those answered in this second, as slots of a default histogram:
  /// position and count, ascending. A second takes a few kilobytes instead of 270.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> latency;
  std::uint64_t latency_ns_max = 0;

  void add(const timeline_row& other);
  /// Adds the latencies to `into`, which must have the default range and digits. Exact up to the
  /// histogram's resolution.
  void add_latency_to(observe::histogram& into) const;
};

/// Gets each second of a timeline once it is over. Outlives the timeline.
class timeline_watcher {
 public:
  virtual void on_second(const timeline_row& row) = 0;

 protected:
  ~timeline_watcher() = default;
};

/// A run second by second: what recorder has for the whole of it, by the time of sending or
/// answering. Recording costs a comparison and a histogram's increment; once a second the histogram
/// is folded into a row, which takes about 20 µs.
///
/// Threads:  as recorder: one per thread, merged at the end.
/// Memory:   bounded by a day; what comes later counts in its last second.
class timeline {
 public:
  timeline() = default;
  /// What was recorded elsewhere; rows ascend by their second.
  explicit timeline(std::vector<timeline_row> rows) : rows_{std::move(rows)} {}

  /// Nothing is recorded before. `origin_ns` is where second 0 begins, monotonic.
  void begin(std::int64_t origin_ns, timeline_watcher* watcher = nullptr);

  /// Closes the second that runs when it is over, although nothing happens.
  void tick(std::int64_t now_ns) { (void)turn_to(now_ns); }

  void on_sent(std::int64_t now_ns, std::uint64_t lag_ns);
  void on_answer(std::int64_t now_ns, std::uint64_t latency_ns);
  void on_error(std::int64_t now_ns);

  /// Closes the second that runs. To be called before rows().
  void finish();

  void merge(const timeline& other);

  [[nodiscard]] const std::vector<timeline_row>& rows() const noexcept { return rows_; }

 private:
  [[nodiscard]] bool turn_to(std::int64_t now_ns);

  static constexpr std::int64_t seconds_max = 24 * 3600;

  timeline_watcher* watcher_ = nullptr;
  std::int64_t origin_ns_ = -1;
  std::int64_t row_ends_ns_ = 0;
  timeline_row row_;            // the second that runs, without its latencies
  observe::histogram latency_;  // of that second
  std::vector<timeline_row> rows_;
};

/// The rows as comma-separated values with a line of names: one line per second from 0 to the last,
/// empty seconds included.
[[nodiscard]] std::string to_csv(const timeline& what);

}  // namespace tacit::bench
