#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <thread>

#include "bench/contenders/contender.hpp"
#include "bench/driver.hpp"
#include "bench/formats/combined_log.hpp"

// The exam of a load test's honesty (Gil Tene's "coordinated omission"): 500 requests per second
// for 10 s at a server that is suspended for 6 of them. 60 % of the requests wait, the first for 6
// s, the last not at all, so p50 is 1 s, p90 5 s, p99 5.9 s and the maximum 6 s. A tool that counts
// from the send has a handful of slow requests and reports milliseconds.
//
// What each request has to show is known exactly: the schedule is a pure function and the moments
// of the signals are taken. So arrivals that are random are held against their own due times.

namespace {

using namespace tacit;
using namespace tacit::bench;

constexpr double rate_per_s = 500;
constexpr std::int64_t duration_ns = 10'000'000'000;
constexpr double deviation_max = 0.03;
constexpr std::array percentiles = {50.0, 90.0, 99.0, 100.0};

struct suspension {
  std::int64_t begins_ns = 0;
  std::int64_t ends_ns = 0;
};

suspension suspend(pid_t pid) {
  suspension out;
  std::this_thread::sleep_for(std::chrono::seconds{2});
  ::kill(pid, SIGSTOP);
  out.begins_ns = now_ns();
  std::this_thread::sleep_for(std::chrono::seconds{6});
  out.ends_ns = now_ns();
  ::kill(pid, SIGCONT);
  return out;
}

/// The latencies, in seconds, of a server that answers at once unless it is suspended.
std::vector<double> truth(const schedule& when, std::int64_t start_ns, const suspension& stop) {
  std::vector<double> out;
  std::int64_t due = 0;
  for (std::uint64_t i = 0; (due = when.due_ns(i, due)) < duration_ns; ++i) {
    const auto at = start_ns + due;
    const bool waits = at > stop.begins_ns && at < stop.ends_ns;
    out.push_back(waits ? static_cast<double>(stop.ends_ns - at) / 1e9 : 0);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool examine(const char* name, const schedule& when) {
  contenders::description what;
  what.name = "raw_epoll";
  what.command = {TACIT_RAW_EPOLL, "{port}"};
  const std::atomic<bool> stop = false;
  const contenders::contender server{what, {}, stop};
  traffic_source traffic{server.authority()};
  traffic.add({"GET", "/plaintext"}, {200, 13});
  load phase{&traffic, &when};
  phase.duration_ns = duration_ns;
  phase.timeout_ns = 30'000'000'000;
  // So many in flight that what has waited is answered within a few milliseconds. With one on each
  // of 16 connections that takes 30 ms, by which p50 is rightly longer.
  driver connected{server.address(), {64, 16, 1}, phase.timeout_ns, stop};
  suspension pause;
  std::jthread suspending{[&] { pause = suspend(server.pid()); }};
  const auto result = connected.run(phase);
  suspending.join();

  const auto expected = truth(when, result.start_ns, pause);
  const auto& recorded = result.recorded;
  bool passed = recorded.counts.answered == expected.size() && recorded.counts.errors_total() == 0;
  fmt::print("{}: {} of {} answered\n", name, recorded.counts.answered, expected.size());
  for (const double percentile : percentiles) {
    const auto rank = std::ceil(percentile / 100 * static_cast<double>(expected.size()));
    const double due = expected[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
    const double got = static_cast<double>(recorded.latency().at_percentile(percentile)) / 1e9;
    const double sent =
        static_cast<double>(recorded.service_time().at_percentile(percentile)) / 1e9;
    const double deviation = (got - due) / due;
    passed = passed && std::abs(deviation) <= deviation_max;
    fmt::print("  {:>4}  due {:6.3f} s  measured {:6.3f} s ({:+.2f} %)  from the send {:6.3f} s\n",
               percentile == 100 ? "max" : fmt::format("p{:g}", percentile), due, got,
               deviation * 100, sent);
  }
  fmt::print("  {}\n", passed ? "passed" : "FAILED");
  return passed;
}

/// Ten seconds of a log with as many lines in each.
schedule recorded_schedule() {
  std::string text;
  for (int line = 0; line < 5'000; ++line)
    text += fmt::format(
        "h - - [17/May/2015:10:00:{:02} +0000] \"GET /plaintext HTTP/1.1\" 200 13\n", line / 500);
  const auto log = formats::parse_combined_log_text(std::move(text), "exam");
  return schedule::recorded(formats::spread_times(log.records, 1), 1,
                            formats::period_ns(log.records));
}

}  // namespace

int main() {
  bool passed = examine("constant arrivals", schedule::constant(rate_per_s));
  passed = examine("Poisson arrivals", schedule::poisson(rate_per_s, 1)) && passed;
  passed = examine("replay of a log", recorded_schedule()) && passed;
  return passed ? 0 : 1;
}
