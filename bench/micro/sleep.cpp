// How late a sleep ends, and what it costs: on a worker that has nothing else to do.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include <tacit/io/reactor.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sync/sleep.hpp>

namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;
using tacit::sched::task;

double cpu_us() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(used.ru_utime) + us(used.ru_stime);
}

task<std::vector<double>> sleep_in_a_row(benchmark::State& state) {
  const microseconds duration(state.range(0));
  std::vector<double> late_us;
  for (auto _ : state) {
    const auto due = steady_clock::now() + duration;
    static_cast<void>(co_await tacit::sync::sleep_until(due));
    late_us.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - due).count());
  }
  co_return late_us;
}

void sleep(benchmark::State& state) {
  tacit::sched::scheduler_options options;
  options.workers = 1;
  tacit::sched::scheduler pool(tacit::io::with_reactors(options));
  const auto join = [](auto handle) -> task<std::vector<double>> {
    co_return co_await std::move(handle);
  };
  const double cpu_before = cpu_us();
  auto late_us = tacit::sched::block_on(join(pool.spawn(sleep_in_a_row(state))));
  const auto sleeps = static_cast<double>(late_us.size());
  state.counters["cpu_us"] = (cpu_us() - cpu_before) / sleeps;
  std::sort(late_us.begin(), late_us.end());
  const auto quantile = [&](double part) {
    return late_us[static_cast<std::size_t>(part * (sleeps - 1))];
  };
  state.counters["late_us_p50"] = quantile(0.5);
  state.counters["late_us_p99"] = quantile(0.99);
}
BENCHMARK(sleep)->Arg(50)->Arg(200)->Arg(1500)->Arg(5300)->UseRealTime()->MinTime(2);

}  // namespace

BENCHMARK_MAIN();
