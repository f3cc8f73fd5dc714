#include "bench/pause_watch.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "bench/connections.hpp"
#include "bench/contenders/contender.hpp"
#include "nanoseconds.hpp"
#include "scripted_server.hpp"

namespace tacit::bench {
namespace {

std::string describe_all(const pause_report& what) {
  std::string out;
  for (const auto& one : what.pauses)
    out += "\n" + std::to_string(one.when.length_ns() / 1'000) + " us, " + name_of(one.scope) +
           ", " + name_of(one.origin) + ", " + name_of(one.about.cause);
  return out;
}

/// The pause that covers most of a time that is known; its length is not judged by a clock of ours
/// but held against that time.
const seen_pause* pause_of(const pause_report& what, const interval& known) {
  const auto best =
      std::max_element(what.pauses.begin(), what.pauses.end(), [&](const auto& a, const auto& b) {
        return covered_ns(known, {a.when}) < covered_ns(known, {b.when});
      });
  return best == what.pauses.end() ? nullptr : &*best;
}

TEST(pause_watch, sees_the_stall_of_a_server_at_its_length) {
  std::atomic<std::int64_t> begin = 0;
  std::atomic<std::int64_t> end = 0;
  scripted_server server{[&](const std::string&, std::size_t earlier) -> reply {
    if (earlier == 200 && begin == 0) {
      begin = now_ns();
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      end = now_ns();
    }
    return {ok("here")};
  }};
  const auto address = server.address();
  pause_watch watch{address, server.authority(), {}, 0};
  watch.start();
  while (server.requests() < 2'000)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  const auto seen = watch.finish();

  EXPECT_EQ(seen.failed, 0u) << seen.failure;
  EXPECT_EQ(seen.sent, seen.answered);
  EXPECT_EQ(seen.answered, server.requests());
  for (std::size_t i = 0; i + 1 < seen.pauses.size(); ++i)
    EXPECT_LE(seen.pauses[i].when.end_ns, seen.pauses[i + 1].when.start_ns);
  const interval stalled{begin, end};
  const auto* found = pause_of(seen, stalled);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->scope, pause_scope::all) << describe_all(seen);
  // It may begin a turn of the probes late. From above it is bounded by how long the machine takes
  // to run the two threads.
  EXPECT_GE(covered_ns(stalled, {found->when}), stalled.length_ns() - seen.usual_ns - 2 * ms)
      << describe_all(seen);
}

TEST(pause_watch, sees_that_a_process_was_stopped) {
  contenders::description what;
  what.name = "raw_epoll";
  what.command = {TACIT_RAW_EPOLL, "{port}"};
  const std::atomic<bool> stop = false;
  const contenders::contender server{what, {}, stop};
  pause_watch watch{server.address(), server.authority(), {}, server.pid()};
  watch.start();
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  ::kill(server.pid(), SIGSTOP);
  interval stopped{now_ns(), 0};
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  stopped.end_ns = now_ns();
  ::kill(server.pid(), SIGCONT);
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  const auto seen = watch.finish();

  const auto* found = pause_of(seen, stopped);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->scope, pause_scope::all) << describe_all(seen);
  EXPECT_EQ(found->about.cause, pause_cause::stopped) << describe_all(seen);
  EXPECT_GE(covered_ns(stopped, {found->when}), stopped.length_ns() - seen.usual_ns - 10 * ms);
  EXPECT_GT(seen.looks, 0u);
}

TEST(pause_watch, goes_on_when_the_server_closes_each_connection) {
  scripted_server server{[](const std::string&, std::size_t) -> reply {
    return {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", true};
  }};
  const auto address = server.address();
  pause_watch watch{address, server.authority(), {2, 100, "/x", ms * 1'000}, 0};
  watch.start();
  while (server.requests() < 10)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  const auto seen = watch.finish();
  EXPECT_EQ(seen.failed, 0u) << seen.failure;
  EXPECT_GE(seen.answered, 10u);
}

TEST(pause_watch, counts_what_was_not_answered_as_failed) {
  scripted_server server{[](const std::string&, std::size_t) -> reply { return {"", true}; }};
  const auto address = server.address();
  pause_watch watch{address, server.authority(), {2, 100, "/x", ms * 1'000}, 0};
  watch.start();
  while (server.requests() < 10)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  const auto seen = watch.finish();
  EXPECT_EQ(seen.answered, 0u);
  EXPECT_EQ(seen.failed, seen.sent);
  EXPECT_FALSE(seen.failure.empty());
}

}  // namespace
}  // namespace tacit::bench
