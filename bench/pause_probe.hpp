#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/endpoint.hpp"
#include "bench/gap_correlation.hpp"
#include "bench/probe_settings.hpp"
#include "bench/response_parser.hpp"

namespace tacit::bench {

/// What probes saw, before anybody judges it.
struct probe_record {
  probe_grid grid;
  interval run;                              ///< From the first due time to the last.
  std::vector<std::vector<interval>> waits;  ///< Of each probe, longer than the floor, ascending.
  std::int64_t floor_ns = pause_bounds_ns.front();
  std::vector<interval> late;  ///< When the probe's thread should have run and did not.
  observe::histogram latency;
  observe::histogram lag;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t withheld = 0;
  std::string failure;
  std::int64_t cpu_ns = 0;
};

/// Asks a target for something trivial at a fixed open rate, over a few connections and from a
/// thread of its own that goes first, and records who waited for how long.
///
/// A probe has one request in flight. What is due while it waits is withheld: the wait for the
/// first one covers it.
///
/// Memory:   bounded: when there are very many waits, the floor is doubled and the short ones go.
class pause_probe {
 public:
  /// Opens the connections. Throws base::failure when one cannot be opened.
  pause_probe(const endpoint& target, const std::string& authority, probe_settings settings);
  ~pause_probe();
  pause_probe(const pause_probe&) = delete;
  pause_probe& operator=(const pause_probe&) = delete;

  /// Begins.
  void start();
  /// Sends no more, and returns when what was sent is answered or given up.
  [[nodiscard]] probe_record finish();

 private:
  struct probe {
    int fd = -1;
    bool is_open = false;
    bool is_waiting = false;
    std::int64_t due_ns = 0;       // of what is in flight, or next
    std::int64_t next_due_ns = 0;  // after that
    std::int64_t retry_ns = 0;     // when a closed one tries again
    response_parser parser;
    std::string carried;  // received and not yet parsed
  };

  void connect(probe& one) const;
  void run();
  void turn(std::int64_t now, bool may_send);
  [[nodiscard]] std::int64_t next_wake(bool may_send) const;
  void wait(std::int64_t until_ns);
  void withhold(probe& one, std::int64_t now);
  void send(std::size_t index, std::int64_t now);
  void receive(std::size_t index);
  void on_answer(std::size_t index, std::int64_t now);
  void lose(std::size_t index, std::int64_t now, const std::string& why);
  void keep_wait(std::size_t index, const interval& wait);
  [[nodiscard]] bool is_any_waiting() const;

  static constexpr std::size_t waits_max = 1'000'000;
  static constexpr std::size_t late_max = 100'000;

  const endpoint& target_;
  const probe_settings settings_;
  const std::string request_;
  std::vector<std::unique_ptr<probe>> probes_;
  probe_record record_;
  std::size_t kept_ = 0;  // of all waits
  std::atomic<bool> ends_{false};
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace tacit::bench
