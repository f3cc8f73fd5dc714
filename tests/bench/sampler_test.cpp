#include "bench/sampler.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <tacit/base/error.hpp>
#include <thread>
#include <vector>

#include "scripted_server.hpp"

namespace tacit::bench {
namespace {

/// Burns CPU until the process has used `ns` more of it.
void burn(std::int64_t ns) {
  const auto until = sample_process(::getpid())->cpu_ns + ns;
  volatile std::uint64_t sink = 0;
  while (sample_process(::getpid())->cpu_ns < until) {
    for (int i = 0; i < 100'000; ++i)
      sink = sink + 1;
  }
}

TEST(sampler, sees_the_cpu_that_this_process_burns) {
  const auto before = sample_process(::getpid());
  ASSERT_TRUE(before.has_value());
  burn(30'000'000);
  const auto spent = *sample_process(::getpid()) - *before;
  EXPECT_GE(spent.cpu_ns, 30'000'000);
  EXPECT_GT(spent.at_ns, 0);
  EXPECT_GT(spent.rss_bytes, 1'000'000u);
  EXPECT_GE(spent.rss_peak_bytes, spent.rss_bytes / 2);
  EXPECT_GE(spent.threads, 1u);
}

TEST(sampler, counts_the_cpu_of_threads_that_ended) {
  const auto before = sample_process(::getpid());
  std::thread{[] { burn(20'000'000); }}.join();
  EXPECT_GE((*sample_process(::getpid()) - *before).cpu_ns, 20'000'000);
}

TEST(sampler, sees_page_faults_and_memory) {
  const auto before = sample_process(::getpid());
  std::vector<char> touched(32 * 1024 * 1024, 'x');
  const auto after = sample_process(::getpid());
  EXPECT_GT((*after - *before).minor_faults, 0u);
  EXPECT_GT(after->rss_bytes, before->rss_bytes + 16 * 1024 * 1024);
  EXPECT_EQ(touched.back(), 'x');
}

TEST(sampler, sees_context_switches_of_waiting_threads) {
  const auto before = sample_process(::getpid());
  const scripted_server server{[](const auto&, auto) { return reply{ok("x")}; }};
  const auto target = server.address();
  for (int i = 0; i < 20; ++i)
    ASSERT_FALSE(sample_runtime(target, server.authority()).has_value());
  const auto spent = *sample_process(::getpid()) - *before;
  EXPECT_GT(spent.voluntary_switches + spent.involuntary_switches, 0u);
}

TEST(sampler, a_process_that_is_not_there_has_no_sample) {
  EXPECT_FALSE(sample_process(0x3fffffff).has_value());
}

TEST(peak_watch, keeps_the_highest_number_of_threads) {
  const auto usual = sample_process(::getpid())->threads;
  std::atomic<bool> done = false;
  peak_watch peaks{::getpid()};
  std::thread extra{[&] { done.wait(false); }};
  // The watch has a thread too; wait until it has seen both.
  while (peaks.threads() < usual + 2)
    std::this_thread::yield();
  done = true;
  done.notify_all();
  extra.join();
  peaks.stop();
  EXPECT_GE(peaks.threads(), usual + 2);
  EXPECT_GT(peaks.rss_bytes(), 0u);
}

/// A server that says about itself what a Tacit server would; every asking costs it 7 allocations.
class talkative_server {
 public:
  std::atomic<std::int64_t> requests{0};
  std::atomic<std::int64_t> allocations{0};

  scripted_server server{[this](const std::string& head, std::size_t) {
    if (head.find("GET /debug/runtime") != 0) {
      ++requests;
      allocations += 2;
      return reply{ok("x")};
    }
    const auto body = "{\"pid\":" + std::to_string(::getpid()) +
                      ",\"mode\":\"coroutine\",\"memory\":\"heap\",\"requests\":" +
                      std::to_string(requests.load()) +
                      ",\"allocations\":" + std::to_string(allocations.load()) +
                      ",\"allocated_bytes\":" + std::to_string(allocations * 10) + "}";
    ++requests;
    allocations += 7;
    return reply{ok(body)};
  }};
};

TEST(sampler, subtracts_what_asking_the_server_costs) {
  talkative_server target;
  const auto address = target.server.address();
  sampler costs{address, target.server.authority(), 0};
  EXPECT_EQ(costs.pid(), ::getpid());
  costs.start();
  target.requests += 100;
  target.allocations += 250;
  const auto spent = costs.finish();
  ASSERT_TRUE(spent.runtime.has_value());
  EXPECT_EQ(spent.runtime->requests, 100);
  EXPECT_EQ(spent.runtime->allocations, 250);
  EXPECT_EQ(spent.runtime->allocated_bytes, 2'500);
  EXPECT_EQ(spent.runtime->memory, "heap");
  EXPECT_TRUE(spent.server.has_value());
}

TEST(sampler, takes_from_a_server_what_it_says_and_leaves_open_what_it_does_not) {
  std::atomic<int> asked{0};
  const scripted_server server{[&](const auto&, auto) {
    const int turn = asked++;
    return reply{ok("{\"pid\":" + std::to_string(::getpid()) +
                    ",\"mode\":\"goroutine\",\"memory\":\"collected\",\"allocations\":" +
                    std::to_string(100 * turn) +
                    ",\"allocated_bytes\":0,\"tasks\":" + std::to_string(60 + turn) +
                    ",\"collections\":" + std::to_string(turn * turn) + "}")};
  }};
  const auto address = server.address();
  sampler costs{address, server.authority(), 0};
  costs.start();
  const auto spent = costs.finish();
  ASSERT_TRUE(spent.runtime.has_value());
  EXPECT_EQ(spent.runtime->allocations, 0);  // asking takes 100 each time
  EXPECT_EQ(spent.runtime->tasks, 63);       // a level, not a difference
  EXPECT_EQ(spent.runtime->collections, 9 - 4 - (4 - 1));
  EXPECT_FALSE(spent.runtime->requests);
  EXPECT_FALSE(spent.runtime->steals);
}

TEST(sampler, another_process_than_the_one_given_is_not_asked_about_itself) {
  talkative_server target;
  const auto address = target.server.address();
  sampler costs{address, target.server.authority(), ::getppid()};
  costs.start();
  EXPECT_FALSE(costs.finish().runtime.has_value());
  EXPECT_EQ(costs.pid(), ::getppid());
}

TEST(sampler, a_process_that_is_not_there_is_refused) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("x")}; }};
  const auto address = server.address();
  EXPECT_THROW((sampler{address, server.authority(), 0x3fffffff}), base::failure);
}

TEST(sampler, a_server_that_knows_nothing_of_itself_is_not_sampled) {
  const scripted_server server{[](const auto&, auto) { return reply{ok("{\"pid\":1}")}; }};
  const auto address = server.address();
  sampler costs{address, server.authority(), 0};
  costs.start();
  const auto spent = costs.finish();
  EXPECT_FALSE(spent.server.has_value());
  EXPECT_FALSE(spent.runtime.has_value());
  EXPECT_GT(spent.harness.at_ns, 0);
}

}  // namespace
}  // namespace tacit::bench
