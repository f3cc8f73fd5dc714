// Mixes everything that the runtime offers, at random, for as long as it is told, and checks after
// each round that nothing was lost.
//
// usage: soak_sched [--seconds N] [--seed N]
// Prints the seed of each round that goes wrong; a lost wake-up shows as a round that does not end.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/blocking.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/task_group.hpp>
#include <tacit/sched/when_all.hpp>
#include <tacit/sched/with_timeout.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/channel.hpp>
#include <tacit/sync/mutex.hpp>
#include <tacit/sync/select.hpp>
#include <tacit/sync/sleep.hpp>

namespace {

using namespace tacit;
using namespace std::chrono_literals;

struct failure {
  const char* what;
};

void require(bool holds, const char* what) {
  if (!holds) throw failure{what};
}

sched::task<long> tree(int depth) {
  if (depth == 0) co_return 1;
  if (depth % 3 == 0) co_await sched::yield();
  const auto [a, b] = co_await sched::when_all(tree(depth - 1), tree(depth - 1));
  co_return a + b;
}

sched::task<> fork_join(int depth) {
  require(co_await tree(depth) == 1L << depth, "when_all lost a child");
}

sched::task<> send(sync::channel<long>& to, long count) {
  for (long i = 1; i <= count; ++i) {
    const base::error_code error = co_await to.send(i);
    require(!error, "a send failed");
  }
}

sched::task<> pass_on(std::size_t capacity, long count) {
  sync::channel<long> values(capacity);
  sync::channel<long> others;
  long sum = 0;
  co_await sched::with_group([&](sched::task_group& group) -> sched::task<> {
    co_await group.spawn(send(values, count));
    co_await group.spawn(send(others, count));
    for (long left = 2 * count; left > 0; --left) {
      sync::received<long> value;
      co_await sync::select(values.on_receive(value), others.on_receive(value));
      sum += *value;
    }
  });
  require(sum == count * (count + 1), "a channel lost a value");
}

sched::task<> lock_and_count(sync::mutex& guarding, long& counter, int times) {
  for (int i = 0; i < times; ++i) {
    const auto held = co_await guarding.lock();
    const long before = counter;
    if (i % 16 == 0) co_await sched::yield();
    counter = before + 1;
  }
}

sched::task<> exclude(int times) {
  sync::mutex guarding;
  long counter = 0;
  std::vector<sched::task<>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(lock_and_count(guarding, counter, times));
  co_await sched::when_all(std::move(all));
  require(counter == 4L * times, "a mutex let two in");
}

sched::task<int> wait_for_nobody(sync::channel<int>& from) {
  const auto value = co_await from.receive();
  co_return value ? *value : -1;
}

sched::task<> give_up(std::chrono::microseconds limit) {
  sync::channel<int> silent;
  const auto given = co_await sched::with_timeout(limit, wait_for_nobody(silent));
  require(given.error == base::errc::timed_out && given.value == -1,
          "a deadline did not end a wait");
}

sched::task<> block(std::chrono::microseconds duration) {
  const auto sleeps = [duration] {
    std::this_thread::sleep_for(duration);
    return 7;
  };
  const int seven = co_await sched::blocking(sleeps);
  require(seven == 7, "blocking work gave something else");
}

sched::task<> one_of_all(std::mt19937& random) {
  const auto below = [&](unsigned end) { return random() % end; };
  switch (below(5)) {
    case 0:
      return fork_join(static_cast<int>(below(12)));
    case 1:
      return pass_on(below(4) == 0 ? 0 : below(40), static_cast<long>(below(400)) + 1);
    case 2:
      return exclude(static_cast<int>(below(200)) + 1);
    case 3:
      return give_up(std::chrono::microseconds(below(3000)));
    default:
      return block(std::chrono::microseconds(below(300)));
  }
}

sched::task<> round(std::uint32_t seed) {
  std::mt19937 random(seed);
  sched::task_group all({.children_max = 64});
  co_await all.run([&](sched::task_group& group) -> sched::task<> {
    for (int i = 0; i < 300; ++i)
      co_await group.spawn(one_of_all(random));
  });
}

sched::task<> joined(sched::join_handle<> spawned) {
  co_await std::move(spawned);
}

std::uint32_t number_after(std::string_view option, int argc, char** argv,
                           std::uint32_t otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] == option)
      return static_cast<std::uint32_t>(std::strtoul(argv[i + 1], nullptr, 10));
  }
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const auto length = std::chrono::seconds(number_after("--seconds", argc, argv, 5));
  std::mt19937 seeds(number_after("--seed", argc, argv, std::random_device{}()));
  const auto end = std::chrono::steady_clock::now() + length;
  std::uint64_t rounds = 0;
  for (; std::chrono::steady_clock::now() < end; ++rounds) {
    const auto seed = static_cast<std::uint32_t>(seeds());
    sched::scheduler_options options;
    options.workers = 1 + seed % 4;
    try {
      sched::scheduler pool(options);
      sched::block_on(joined(pool.spawn(round(seed))));
      require(pool.stop(10s) == 0, "coroutines were left over");
    } catch (const failure& wrong) {
      std::printf("round %llu, seed %u: %s\n", static_cast<unsigned long long>(rounds), seed,
                  wrong.what);
      return 1;
    }
  }
  std::printf("%llu rounds of 300 activities, nothing lost\n",
              static_cast<unsigned long long>(rounds));
  return 0;
}
