// What a task costs: awaited, and spawned on a worker.

#include <benchmark/benchmark.h>

#include <tacit/memory/mode.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>

namespace {

using tacit::sched::task;

task<int> one() {
  co_return 1;
}

task<long> await_in_a_row(benchmark::State& state) {
  long sum = 0;
  for (auto _ : state)
    sum += co_await one();
  co_return sum;
}

void await(benchmark::State& state) {
  const tacit::memory::thread_pools pools(tacit::memory::mode::arena);
  benchmark::DoNotOptimize(tacit::sched::block_on(await_in_a_row(state)));
}
BENCHMARK(await);

task<long> spawn_and_join_in_a_row(tacit::sched::scheduler& on, benchmark::State& state) {
  long sum = 0;
  for (auto _ : state)
    sum += co_await on.spawn(one());
  co_return sum;
}

void spawn_and_join(benchmark::State& state) {
  tacit::sched::scheduler_options options;
  options.workers = 1;
  tacit::sched::scheduler pool(options);
  const auto join = [](tacit::sched::join_handle<long> handle) -> task<long> {
    co_return co_await std::move(handle);
  };
  benchmark::DoNotOptimize(
      tacit::sched::block_on(join(pool.spawn(spawn_and_join_in_a_row(pool, state)))));
}
BENCHMARK(spawn_and_join);

}  // namespace

BENCHMARK_MAIN();
