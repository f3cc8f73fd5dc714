#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tacit/observe/histogram.hpp>
#include <vector>

#include "bench/response_parser.hpp"
#include "bench/timeline.hpp"
#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// Why a request got no answer, or not the right one.
enum class error_kind {
  connect,          ///< A connection could not be opened.
  reset,            ///< The connection broke while the request was in flight.
  closed_early,     ///< The server closed it, unannounced, before the answer was whole.
  timeout,          ///< No whole answer within the time limit after sending.
  parse,            ///< The answer was not HTTP, or came unasked.
  status_mismatch,  ///< A whole answer with another status than expected.
  length_mismatch,  ///< A whole answer with the expected status and another length.
  body_mismatch,    ///< As expected but for the body, which --expect says more about.
};
inline constexpr std::size_t error_kinds = 8;

[[nodiscard]] const char* name_of(error_kind kind) noexcept;

/// What was counted during a run. sent = answered + failed + outstanding.
struct tallies {
  std::uint64_t due = 0;          ///< Requests whose due time came within the run.
  std::uint64_t sent = 0;         ///< Of these, put on the wire at least once.
  std::uint64_t answered = 0;     ///< Whole answers, the wrong ones included.
  std::uint64_t failed = 0;       ///< Sent and given up.
  std::uint64_t outstanding = 0;  ///< Sent and still in flight when the run was stopped.
  std::uint64_t resent = 0;      ///< Sent again after the server closed the connection before them.
  std::uint64_t reconnects = 0;  ///< Connections that the target ended, opened again.
  std::uint64_t retired = 0;     ///< Connections that were closed on purpose, opened again.
  std::uint64_t own_limits = 0;  ///< Attempts to connect that failed on this side.
  std::uint64_t bytes_received = 0;  ///< Header and body bytes.
  std::uint64_t body_bytes = 0;
  std::array<std::uint64_t, 6> status_classes{};  ///< [2] counts 2xx.
  std::array<std::uint64_t, error_kinds> errors{};

  void add(const tallies& other) noexcept;
  [[nodiscard]] std::uint64_t errors_total() const noexcept;
};

/// The times of one request, in nanoseconds of the monotonic clock.
struct request_times {
  std::int64_t due = 0;       ///< When the schedule wanted it sent.
  std::int64_t sent = 0;      ///< When it was sent (for the last time).
  std::int64_t answered = 0;  ///< When its answer was whole.
};

/// Latency from the due time and from the send time, side by side, and what was counted.
///
/// Answers with an unexpected status or length are in the latencies, since the server did the work;
/// requests without a whole answer are not, and stand in the error counts. Requests that are to be
/// recorded apart have a histogram of their own, and are in neither of the two.
///
/// Threads:  one per thread, merged at the end.
class recorder {
 public:
  /// What a recorder holds besides its counts.
  struct contents {
    observe::histogram latency;
    observe::histogram service;
    observe::histogram apart;
    observe::histogram lag;
    timeline seconds;
    std::vector<std::string> examples;
  };

  recorder() = default;
  /// What was recorded elsewhere, with histograms of the default range.
  explicit recorder(contents from);

  /// What follows is recorded second by second too, the first of which begins at this monotonic
  /// time.
  void begin(std::int64_t origin_ns, timeline_watcher* watcher = nullptr) {
    seconds_.begin(origin_ns, watcher);
  }
  /// Says what time it is, so that a second ends although nothing happens.
  void tick(std::int64_t now_ns) { seconds_.tick(now_ns); }
  /// The last second is complete.
  void finish() { seconds_.finish(); }

  void on_sent(std::int64_t now_ns, std::int64_t lag_ns);
  void on_answer(const request& asked, const answer& got, const request_times& times);
  /// `asked` is nullptr where no request can be named. Only kinds before status_mismatch.
  void on_failure(error_kind kind, const request* asked, const std::string& detail,
                  std::int64_t now_ns);
  /// An attempt to connect failed; no request is lost by it.
  void on_connect_failure(const std::string& detail, std::int64_t now_ns);

  /// An attempt to connect failed before the target was asked: no descriptor, address or port.
  void on_own_limit(const std::string& detail);

  void merge(const recorder& other);

  [[nodiscard]] const observe::histogram& latency() const noexcept { return latency_; }
  [[nodiscard]] const observe::histogram& service_time() const noexcept { return service_; }
  [[nodiscard]] const observe::histogram& latency_apart() const noexcept { return apart_; }
  [[nodiscard]] const observe::histogram& schedule_lag() const noexcept { return lag_; }
  [[nodiscard]] const timeline& seconds() const noexcept { return seconds_; }
  /// The first few failures and mismatches, each in a sentence.
  [[nodiscard]] const std::vector<std::string>& examples() const noexcept { return examples_; }

  tallies counts;
  std::string own_limit;                ///< The first of counts.own_limits, in a sentence.
  std::int64_t last_due_ns = 0;         ///< Of the last request that was sent, from the start.
  std::int64_t last_answer_ns = 0;      ///< Monotonic; 0 before the first.
  std::int64_t longest_silence_ns = 0;  ///< Without a byte received although requests were out.

 private:
  template <class Describe>
  void count_error(error_kind kind, std::int64_t now_ns, Describe&& describe);

  static constexpr std::size_t examples_max = 5;

  observe::histogram latency_;
  observe::histogram service_;
  observe::histogram apart_;  // From the due time.
  observe::histogram lag_;
  timeline seconds_;
  std::vector<std::string> examples_;
};

}  // namespace tacit::bench
