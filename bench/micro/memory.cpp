// What a coroutine frame costs: taken and freed on one thread, and freed on another one.

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include <tacit/memory/frame_pool.hpp>
#include <tacit/memory/object_pool.hpp>

namespace {

using tacit::memory::frame_pool;

constexpr std::size_t frame_bytes = 144;  // About what a small coroutine takes.

struct pooled {
  frame_pool pool;
  frame_pool::binding bound{&pool};
  static void* allocate() { return frame_pool::allocate(frame_bytes); }
  static void deallocate(void* frame) { frame_pool::deallocate(frame); }
};

struct general {
  static void* allocate() { return std::malloc(frame_bytes); }
  static void deallocate(void* frame) { std::free(frame); }
};

// One frame after the other: a chain of awaits that end at once.
template <class Source>
void pair(benchmark::State& state) {
  Source source;
  for (auto _ : state) {
    void* frame = source.allocate();
    benchmark::DoNotOptimize(frame);
    source.deallocate(frame);
  }
}
BENCHMARK(pair<pooled>);
BENCHMARK(pair<general>);

// As recursion does: the last one taken is the first one freed. Time is per frame.
template <class Source>
void nested(benchmark::State& state) {
  Source source;
  std::vector<void*> frames(static_cast<std::size_t>(state.range(0)));
  while (state.KeepRunningBatch(state.range(0))) {
    for (auto& each : frames)
      each = source.allocate();
    for (auto each = frames.rbegin(); each != frames.rend(); ++each)
      source.deallocate(*each);
  }
}
BENCHMARK(nested<pooled>)->Arg(16)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(nested<general>)->Arg(16)->Arg(10'000)->Arg(1'000'000);

// As queues do: the first one taken is the first one freed.
template <class Source>
void in_turn(benchmark::State& state) {
  Source source;
  std::vector<void*> frames(static_cast<std::size_t>(state.range(0)));
  while (state.KeepRunningBatch(state.range(0))) {
    for (auto& each : frames)
      each = source.allocate();
    for (auto* each : frames)
      source.deallocate(each);
  }
}
BENCHMARK(in_turn<pooled>)->Arg(1'000)->Arg(100'000);
BENCHMARK(in_turn<general>)->Arg(1'000)->Arg(100'000);

// Taken here, freed there, batch by batch; the two threads take turns. Time is per frame.
template <class Source>
void freed_elsewhere(benchmark::State& state) {
  Source source;
  std::vector<void*> frames(static_cast<std::size_t>(state.range(0)));
  std::atomic<bool> full{false};
  std::atomic<bool> ended{false};
  std::thread elsewhere([&] {
    Source other;
    while (!ended.load(std::memory_order_acquire)) {
      if (!full.load(std::memory_order_acquire)) continue;
      for (auto* each : frames)
        other.deallocate(each);
      full.store(false, std::memory_order_release);
    }
  });
  while (state.KeepRunningBatch(state.range(0))) {
    for (auto& each : frames)
      each = source.allocate();
    full.store(true, std::memory_order_release);
    while (full.load(std::memory_order_acquire)) {
    }
  }
  ended.store(true, std::memory_order_release);
  elsewhere.join();
}
BENCHMARK(freed_elsewhere<pooled>)->Arg(1'000)->UseRealTime();
BENCHMARK(freed_elsewhere<general>)->Arg(1'000)->UseRealTime();

// An object that is lent and comes back, against one that is made and destroyed.
using block = std::array<char, 1024>;

void lent_object(benchmark::State& state) {
  tacit::memory::object_pool<block> pool;
  for (auto _ : state) {
    const auto lent = pool.get();
    benchmark::DoNotOptimize(lent->data());
  }
}
BENCHMARK(lent_object);

void made_object(benchmark::State& state) {
  for (auto _ : state) {
    const auto made = std::make_unique<block>();
    benchmark::DoNotOptimize(made->data());
  }
}
BENCHMARK(made_object);

}  // namespace

BENCHMARK_MAIN();
