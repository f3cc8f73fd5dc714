// What channels cost, in the shapes that the comparison with other schedulers uses: two workers,
// one iteration is a fixed number of operations, `each` is the time of one of them.

#include <benchmark/benchmark.h>

#include <cstdint>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sync/channel.hpp>
#include <tacit/sync/select.hpp>

namespace {

using tacit::sched::join_handle;
using tacit::sched::scheduler;
using tacit::sched::task;
using tacit::sync::channel;
using tacit::sync::received;

constexpr std::int64_t operations = 1'000'000;

task<std::int64_t> join(join_handle<std::int64_t> handle) {
  co_return co_await std::move(handle);
}

template <class Shape>
void run(benchmark::State& state, Shape shape) {
  tacit::sched::scheduler_options options;
  options.workers = 2;
  scheduler pool(options);
  for (auto _ : state) {
    const std::int64_t sum = tacit::sched::block_on(join(pool.spawn(shape(pool))));
    if (sum != operations * (operations - 1) / 2) state.SkipWithError("a wrong sum");
  }
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(state.iterations() * operations),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

task<> echo(channel<std::int64_t>& there, channel<std::int64_t>& back) {
  while (auto value = co_await there.receive())
    co_await back.send(*value);
  back.close();
}

task<std::int64_t> ping_pong(scheduler& on) {
  channel<std::int64_t> there;
  channel<std::int64_t> back;
  auto echoing = on.spawn(echo(there, back));
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < operations; ++i) {
    co_await there.send(i);
    sum += *co_await back.receive();
  }
  there.close();
  co_await std::move(echoing);
  co_return sum;
}

task<> produce(channel<std::int64_t>& into, std::int64_t first, std::int64_t count) {
  for (std::int64_t i = first; i < first + count; ++i)
    co_await into.send(i);
}

task<std::int64_t> consume(channel<std::int64_t>& from) {
  std::int64_t sum = 0;
  while (auto value = co_await from.receive())
    sum += *value;
  co_return sum;
}

task<std::int64_t> two_to_two(scheduler& on) {
  channel<std::int64_t> queue(1024);
  auto first = on.spawn(produce(queue, 0, operations / 2));
  auto second = on.spawn(produce(queue, operations / 2, operations / 2));
  auto third = on.spawn(consume(queue));
  auto fourth = on.spawn(consume(queue));
  co_await std::move(first);
  co_await std::move(second);
  queue.close();
  const std::int64_t sum = co_await std::move(third);
  co_return sum + co_await std::move(fourth);
}

task<std::int64_t> select_of_two(scheduler& on) {
  channel<std::int64_t> a;
  channel<std::int64_t> b;
  auto first = on.spawn(produce(a, 0, operations / 2));
  auto second = on.spawn(produce(b, operations / 2, operations / 2));
  std::int64_t sum = 0;
  received<std::int64_t> value;
  for (std::int64_t i = 0; i < operations; ++i) {
    co_await tacit::sync::select(a.on_receive(value), b.on_receive(value));
    sum += *value;
  }
  co_await std::move(first);
  co_await std::move(second);
  co_return sum;
}

void unbuffered_ping_pong(benchmark::State& state) {
  run(state, ping_pong);
}
BENCHMARK(unbuffered_ping_pong)->UseRealTime()->Unit(benchmark::kMillisecond);

void buffered_two_to_two(benchmark::State& state) {
  run(state, two_to_two);
}
BENCHMARK(buffered_two_to_two)->UseRealTime()->Unit(benchmark::kMillisecond);

void select_over_two(benchmark::State& state) {
  run(state, select_of_two);
}
BENCHMARK(select_over_two)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
