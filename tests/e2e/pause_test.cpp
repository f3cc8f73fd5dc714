// Pauses that are planted appear in the server's own record, with their cause and at least their
// length.

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"

namespace tacit::e2e {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t planted_ns = 5'000'000;

nlohmann::json pauses_of(const server_process& server) {
  return nlohmann::json::parse(server.get("/debug/pauses").body);
}

// Asks for a pause until one of the longest is as wanted; null if it never is. What was noted comes
// into the record a few milliseconds later. A busy machine adds pauses of its own, and what it did
// just before may be taken off one that was planted: then the next one shows.
template <class Wanted>
nlohmann::json plant(const server_process& server, const std::string& target, Wanted wanted) {
  nlohmann::json found;
  const bool has_come = support::eventually([&] {
    EXPECT_EQ(server.get(target).status, 200);
    const nlohmann::json told = pauses_of(server);
    const auto at = std::find_if(told["longest"].begin(), told["longest"].end(), wanted);
    if (at != told["longest"].end()) found = *at;
    return !found.is_null();
  });
  if (!has_come) ADD_FAILURE() << pauses_of(server).dump(1);
  return found;
}

auto is_planted(std::string cause, std::int64_t length_ns = planted_ns) {
  return [cause = std::move(cause), length_ns](const nlohmann::json& each) {
    return each["cause"] == cause && each["length_ns"] >= length_ns;
  };
}

TEST(pauses, of_a_worker_that_is_blocked_are_the_handlers) {
  const server_process server({"coroutine", "arena"}, {"--debug-routes", "on"});
  static_cast<void>(plant(server, "/debug/stall?worker_ms=5", is_planted("handler")));
}

TEST(pauses, of_a_handler_that_takes_long_come_with_its_request_and_stack) {
  const server_process server({"coroutine", "arena"},
                              {"--debug-routes", "on", "--stall-bound-ms", "10"});
  const auto found = plant(server, "/debug/stall?worker_ms=200", [](const nlohmann::json& each) {
    return each["cause"] == "handler" && each["length_ns"] >= 200'000'000 &&
           each["request"].is_string() && !each["stack"].empty();
  });
  EXPECT_EQ(found["request"].get<std::string>().rfind("GET /debug/stall?worker_ms=200 (conn", 0),
            0U)
      << found;
#ifndef TACIT_SANITIZED
  EXPECT_NE(found["stack"].dump().find("answer_stall"), std::string::npos) << found;
#endif
}

// Sanitizers bring their own allocator.
bool counts_allocations(const server_process& server) {
  return server.runtime().at("allocations_counted").get<bool>();
}

TEST(pauses, in_the_allocator_are_charged_to_it) {
  for (const cell& which : {cell{"coroutine", "arena"}, cell{"thread", "heap"}}) {
    SCOPED_TRACE(which.mode);
    const server_process server(which, {"--debug-routes", "on"});
    if (!counts_allocations(server)) GTEST_SKIP() << "this build does not count allocations";
    static_cast<void>(plant(server, "/debug/stall?allocator_ms=5", is_planted("allocator")));
  }
}

TEST(pauses, at_a_lock_are_charged_to_it) {
  const server_process server({"coroutine", "arena"}, {"--debug-routes", "on"});
  // The holder had it a moment before the worker came.
  static_cast<void>(plant(server, "/debug/stall?lock_ms=6", is_planted("lock")));
}

// Requests on several connections until it is destroyed.
class load {
 public:
  explicit load(const server_process& server) {
    for (int i = 0; i < 2; ++i)
      threads_.emplace_back([this, &server] { send(server); });
  }
  ~load() {
    over_ = true;
    for (auto& each : threads_)
      each.join();
  }
  load(const load&) = delete;
  load& operator=(const load&) = delete;

 private:
  void send(const server_process& server) {
    std::vector<support::raw_client> connections;
    for (int i = 0; i < 4; ++i)
      connections.push_back(server.connect());
    while (!over_)
      for (auto& each : connections)
        EXPECT_EQ(each.exchange(get_request("/plaintext")).status, 200);
  }

  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

// Planted again until one is seen: a stop that falls together with one of the machine's own may
// look like that.
TEST(pauses, of_a_stopped_process_are_scheduled_out_on_all_workers_at_once) {
  server_process server({"coroutine", "arena"}, {"--workers", "2"});
  static constexpr milliseconds stopped{20};
  nlohmann::json told;
  const bool seen = support::eventually([&] {
    {
      const load keeps_it_busy(server);
      std::this_thread::sleep_for(milliseconds(50));
      server.signal(SIGSTOP);
      std::this_thread::sleep_for(stopped);  // What is planted is time.
      server.signal(SIGCONT);
      std::this_thread::sleep_for(milliseconds(50));
    }
    told = pauses_of(server);
    return std::any_of(told["longest"].begin(), told["longest"].end(), [](const auto& each) {
      return each["cause"] == "scheduled_out" && each["scope"] == "all" &&
             each["length_ns"] >= std::chrono::nanoseconds(stopped).count();
    });
  });
  EXPECT_TRUE(seen) << told.dump(1);
  EXPECT_GE(told["all_at_once"]["above_10ms"], 1);
}

class spinning_process {
 public:
  explicit spinning_process(const cpu_set_t& on) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::sched_setaffinity(0, sizeof on, &on);
    for (;;) {
      // Volatile: a loop without effect may be left out.
      [[maybe_unused]] const volatile int turn = 0;
    }
  }
  ~spinning_process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  spinning_process(const spinning_process&) = delete;
  spinning_process& operator=(const spinning_process&) = delete;

 private:
  pid_t pid_;
};

// All threads of the server, and whoever takes their CPU, on the same one.
TEST(pauses, while_another_process_has_the_cpu_are_scheduled_out) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  ::sched_setaffinity(0, sizeof one, &one);
  const server_process server({"coroutine", "arena"}, {});
  ::sched_setaffinity(0, sizeof before, &before);
  const spinning_process other(one);
  const load keeps_it_busy(server);
  EXPECT_TRUE(support::eventually([&] {
    return pauses_of(server)["causes"]["scheduled_out"]["above_1ms"] >= 3;
  })) << pauses_of(server).dump(1);
}

TEST(pauses, are_in_the_metrics_and_in_a_histogram_log) {
  const server_process server({"coroutine", "arena"}, {"--debug-routes", "on"});
  static_cast<void>(plant(server, "/debug/stall?worker_ms=5", is_planted("handler")));
  const std::string metrics = server.get("/metrics").body;
  EXPECT_NE(metrics.find("tacit_pauses_total{cause=\"handler\",above=\"1ms\"} "),
            std::string::npos);
  EXPECT_EQ(metrics.find("tacit_pauses_total{cause=\"handler\",above=\"1ms\"} 0\n"),
            std::string::npos);
  EXPECT_NE(metrics.find("tacit_pause_longest_seconds{cause=\"runtime\"} "), std::string::npos);
  const std::string log = server.get("/debug/pauses?format=hlog").body;
  EXPECT_EQ(log.rfind("#[Histogram log format version 1.3]\n", 0), 0U) << log;
  EXPECT_NE(log.find("\nTag=handler,0.000,"), std::string::npos) << log;
}

TEST(pauses, are_not_recorded_where_that_is_switched_off) {
  const server_process server({"coroutine", "arena"},
                              {"--debug-routes", "on", "--pause-recorder", "off"});
  EXPECT_EQ(server.get("/debug/stall?worker_ms=5").status, 200);
  const auto told = pauses_of(server);
  EXPECT_EQ(told["recording"], false);
  EXPECT_EQ(told["all"]["count"], 0);
}

TEST(pauses, cannot_be_planted_unless_that_is_asked_for) {
  const server_process server({"coroutine", "arena"}, {});
  EXPECT_EQ(server.get("/debug/stall?worker_ms=5").status, 404);
}

TEST(pauses, refuse_a_wrong_question) {
  const server_process server({"coroutine", "arena"}, {"--debug-routes", "on"});
  EXPECT_EQ(server.get("/debug/pauses?format=xml").status, 400);
  EXPECT_EQ(server.get("/debug/pauses?recent=many").status, 400);
  EXPECT_EQ(server.get("/debug/stall").status, 400);
  EXPECT_EQ(server.get("/debug/stall?worker_ms=10001").status, 400);
}

}  // namespace
}  // namespace tacit::e2e
