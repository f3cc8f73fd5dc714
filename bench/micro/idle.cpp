// What a coroutine costs that exists and waits: memory of the process for a million of them.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <thread>

#include <tacit/memory/frame_pool.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sync/sleep.hpp>

namespace {

std::int64_t resident_bytes() {
  std::int64_t pages = 0;
  std::ifstream in("/proc/self/statm");
  in >> pages >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

std::atomic<std::int64_t> waiting{0};

tacit::sched::task<> wait_for_long() {
  waiting.fetch_add(1);
  static_cast<void>(co_await tacit::sync::sleep_for(std::chrono::hours(1)));
}

// bytes_each: growth of the resident memory. block_bytes: its frame, the note in front of it, and
// what rounding up adds. The rest is the timer's place in the queue and unused ends of slabs.
void idle_coroutines(benchmark::State& state) {
  const auto count = state.range(0);
  for (auto _ : state) {
    tacit::sched::scheduler pool;
    const auto before = resident_bytes();
    for (std::int64_t i = 0; i < count; ++i)
      pool.spawn(wait_for_long()).detach();
    while (waiting.load() != count)
      std::this_thread::yield();
    const auto used = tacit::memory::frame_pool::statistics();
    state.counters["bytes_each"] =
        static_cast<double>(resident_bytes() - before) / static_cast<double>(count);
    state.counters["block_bytes"] =
        static_cast<double>(used.live_bytes) / static_cast<double>(used.live_frames);
    pool.stop(std::chrono::minutes(1));  // Wakes them all.
  }
}
BENCHMARK(idle_coroutines)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
