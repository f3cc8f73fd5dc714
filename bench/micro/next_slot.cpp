// How long a coroutine waits that lies in the next slot of a worker that has gone into a long run,
// while another worker is idle. tokio leaves it there until the run is over.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sync/channel.hpp>
#include <tacit/sync/sleep.hpp>

namespace {

using std::chrono::steady_clock;
using tacit::sched::scheduler;
using tacit::sched::task;
using tacit::sync::channel;

constexpr int trials = 400;
constexpr std::chrono::milliseconds blocked_for{10};

using delays = std::vector<double>;  // Microseconds.

task<> note_delays(channel<steady_clock::time_point>& woken_at, channel<bool>& noted,
                   delays& into) {
  while (auto at = co_await woken_at.receive()) {
    into.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - *at).count());
    co_await noted.send(true);
  }
}

// The pauses have no common measure with the intervals at which the monitor looks.
task<> block_in_front(channel<steady_clock::time_point>& wakes, channel<bool>& noted,
                      std::chrono::microseconds pause_max) {
  std::int64_t drawn = 1;
  for (int i = 0; i < trials; ++i) {
    drawn = drawn * 48'271 % 2'147'483'647;
    if (pause_max.count() > 0) {
      co_await tacit::sync::sleep_for(std::chrono::microseconds(drawn % pause_max.count()));
    }
    const auto until = steady_clock::now() + blocked_for;
    if (wakes.try_send(steady_clock::now())) break;  // It was not waiting.
    while (steady_clock::now() < until) {
    }
    co_await noted.receive();
  }
  wakes.close();
}

task<> both(scheduler& on, std::chrono::microseconds pause_max, delays& into) {
  channel<steady_clock::time_point> wakes;
  channel<bool> noted(1);
  auto noting = on.spawn(note_delays(wakes, noted, into));
  co_await tacit::sync::sleep_for(std::chrono::milliseconds(5));  // Until it waits.
  co_await on.spawn(block_in_front(wakes, noted, pause_max));
  co_await std::move(noting);
}

double at_share(const delays& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// The argument: up to how many microseconds nothing runs before a trial.
void next_slot_behind_a_blocked_worker(benchmark::State& state) {
  delays measured;
  for (auto _ : state) {
    measured.clear();
    tacit::sched::scheduler_options options;
    options.workers = 2;
    scheduler pool(options);
    tacit::sched::block_on(both(pool, std::chrono::microseconds(state.range(0)), measured));
  }
  if (measured.size() != trials) return state.SkipWithError("a trial went wrong");
  std::sort(measured.begin(), measured.end());
  state.counters["p50_us"] = at_share(measured, 0.5);
  state.counters["p99_us"] = at_share(measured, 0.99);
  state.counters["max_us"] = measured.back();
}
BENCHMARK(next_slot_behind_a_blocked_worker)
    ->Arg(0)
    ->Arg(1'000)
    ->Arg(40'000)

    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

}  // namespace

BENCHMARK_MAIN();
