// What a mutex costs: free, and wanted by eight coroutines on two workers all the time.

#include <benchmark/benchmark.h>

#include <vector>

#include <tacit/memory/mode.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sync/mutex.hpp>

namespace {

using tacit::sched::task;
using tacit::sync::mutex;

task<> lock_and_unlock(mutex& shared, long& count, long times) {
  for (long i = 0; i < times; ++i) {
    const auto held = co_await shared.lock();
    ++count;
  }
}

void free(benchmark::State& state) {
  const tacit::memory::thread_pools pools(tacit::memory::mode::arena);
  mutex own;
  long count = 0;
  constexpr long times = 1'000'000;
  for (auto _ : state)
    tacit::sched::block_on(lock_and_unlock(own, count, times));
  state.SetItemsProcessed(state.iterations() * times);
}
BENCHMARK(free);

task<> all_lock_and_unlock(tacit::sched::scheduler& on, int coroutines, long times) {
  mutex shared;
  long count = 0;
  std::vector<tacit::sched::join_handle<>> handles;
  for (int i = 0; i < coroutines; ++i)
    handles.push_back(on.spawn(lock_and_unlock(shared, count, times / coroutines)));
  for (auto& each : handles)
    co_await std::move(each);
}

// The argument is the number of coroutines; they lock ten million times in all.
void contended(benchmark::State& state) {
  constexpr long times = 10'000'000;
  tacit::sched::scheduler_options options;
  options.workers = 2;
  tacit::sched::scheduler pool(options);
  const auto join = [](tacit::sched::join_handle<> handle) -> task<> {
    co_await std::move(handle);
  };
  for (auto _ : state) {
    tacit::sched::block_on(
        join(pool.spawn(all_lock_and_unlock(pool, static_cast<int>(state.range(0)), times))));
  }
  state.SetItemsProcessed(state.iterations() * times);
}
BENCHMARK(contended)->Arg(1)->Arg(2)->Arg(8)->Arg(64)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
