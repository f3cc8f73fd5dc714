// What a coroutine costs on its way through a worker's ring.

#include "sched/run_queue.hpp"

#include <benchmark/benchmark.h>

namespace {

using tacit::sched::run_queue;
using tacit::sched::runnable;

void push_and_pop(benchmark::State& state) {
  run_queue queue;
  runnable item;
  for (auto _ : state) {
    queue.push(item);
    benchmark::DoNotOptimize(queue.pop());
  }
}
BENCHMARK(push_and_pop);

void steal_half_of_a_full_ring(benchmark::State& state) {
  run_queue from, into;
  runnable item;
  for (auto _ : state) {
    state.PauseTiming();
    while (from.push(item)) {
    }
    while (into.pop()) {
    }
    state.ResumeTiming();
    benchmark::DoNotOptimize(from.steal_into(into));
  }
}
BENCHMARK(steal_half_of_a_full_ring);

}  // namespace

BENCHMARK_MAIN();
