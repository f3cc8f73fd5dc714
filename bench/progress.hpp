#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "bench/live_board.hpp"
#include "bench/timeline.hpp"

namespace tacit::bench {

/// How a run shows that it goes on.
enum class progress_kind {
  automatic,  ///< One line that is drawn anew each second on a terminal, else plain.
  plain,      ///< A line every few seconds.
  off,
};

/// Puts the last seconds of a run into a line: rate, p99, errors, lag, and how the rate went.
class progress_line {
 public:
  /// Seconds in which nothing happened are given as rows of zeros.
  void add(const timeline_row& row);

  /// Of the seconds since the last call. `is_plain` leaves out what needs a terminal.
  [[nodiscard]] std::string take(bool is_plain);

  static constexpr std::size_t bars_max = 30;

 private:
  timeline_row since_;
  std::int64_t seconds_ = 0;  // in since_
  std::uint64_t errors_ = 0;  // of the whole run
  std::deque<std::uint64_t> rates_;
};

/// Shows on stderr how a run goes, from a thread of its own, until it is destroyed.
class progress {
 public:
  progress(progress_kind how, live_board& from, std::int64_t start_ns);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

 private:
  void show();
  void show_second();

  live_board& from_;
  const std::int64_t start_ns_;
  const bool is_plain_;
  std::int64_t shown_ = 0;  // seconds
  bool has_line_ = false;   // on the terminal
  progress_line line_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace tacit::bench
