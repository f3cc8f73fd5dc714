#include <gtest/gtest.h>
#include <chrono>
#include <csignal>
#include <thread>

#include "bench/contenders/contender.hpp"
#include "bench/driver.hpp"

namespace tacit::bench {
namespace {

/// Suspends a process for a while. The time is the subject here, not a way to wait for something.
void stall(pid_t pid, std::chrono::milliseconds after, std::chrono::milliseconds how_long) {
  std::this_thread::sleep_for(after);
  ::kill(pid, SIGSTOP);
  std::this_thread::sleep_for(how_long);
  ::kill(pid, SIGCONT);
}

// A server that is suspended for 0.9 s of a 3 s run at a constant rate delays 30 % of the requests,
// by 0.9 s down to nothing. So a tenth of all wait longer than about 0.6 s. A tool that counts from
// the send has a handful of slow requests, and shows milliseconds at p90.
TEST(stall, of_the_server_shows_in_the_tail_at_its_full_length) {
  contenders::description what;
  what.name = "raw_epoll";
  what.command = {TACIT_RAW_EPOLL, "{port}"};
  const std::atomic<bool> stop = false;
  const contenders::contender server{what, {}, stop};

  traffic_source traffic{server.authority()};
  traffic.add({"GET", "/plaintext"}, {200, 13});
  const auto when = schedule::constant(1'000);
  load phase{&traffic, &when};
  phase.duration_ns = 3'000'000'000;
  phase.timeout_ns = 30'000'000'000;
  driver connected{server.address(), {16, 1, 1}, phase.timeout_ns, stop};
  std::jthread stalling{[&] {
    stall(server.pid(), std::chrono::milliseconds{1'000}, std::chrono::milliseconds{900});
  }};
  const auto result = connected.run(phase);

  EXPECT_EQ(result.recorded.counts.answered, 3'000u);
  EXPECT_EQ(result.recorded.counts.errors_total(), 0u);
  const auto& latency = result.recorded.latency();
  EXPECT_GE(latency.max(), 850'000'000u);
  EXPECT_GE(latency.at_percentile(90), 450'000'000u);
  // Only 16 requests were on the wire during the stall: the service time hides it.
  EXPECT_LT(result.recorded.service_time().at_percentile(90), latency.at_percentile(90));
  EXPECT_GE(result.recorded.longest_silence_ns, 800'000'000);
}

}  // namespace
}  // namespace tacit::bench
