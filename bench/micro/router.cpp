// What it takes to find a route among few and among many. The routes are those of an ordinary API:
// a third literal, the others with one and two parameters.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include <tacit/http/context.hpp>
#include <tacit/http/router.hpp>
#include <tacit/memory/arena.hpp>

namespace {

using namespace tacit::http;

struct table {
  router routes;
  std::vector<std::string> literal, one, two, encoded, missing;

  explicit table(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string resource = "/api/v1/resource" + std::to_string(i / 3);
      const char* const behind[] = {"", "/{id}", "/{id}/parts/{part}"};
      routes.add(method::get, resource + behind[i % 3], make_handler([](context&) {}));
      literal.push_back(resource);
      one.push_back(resource + "/4711");
      two.push_back(resource + "/4711/parts/17");
      encoded.push_back(resource + "/47%3111");
      missing.push_back(resource + "/4711/nothing");
    }
  }
};

// Another path each time, so that it is not the branch predictor that knows the way.
void find(benchmark::State& state, std::vector<std::string> table::*paths) {
  const table all(static_cast<int>(state.range(0)));
  // Of the last resource not all routes may be there.
  const std::size_t count = std::max<std::size_t>(1, (all.literal.size() / 3) * 3);
  tacit::memory::arena memory;
  std::size_t at = 0;
  for (auto _ : state) {
    {
      context c(memory);
      c.request.path = (all.*paths)[at];
      benchmark::DoNotOptimize(all.routes.find(c));
    }
    memory.reset();
    at = (at + 7) % count;
  }
}
BENCHMARK_CAPTURE(find, literal, &table::literal)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(find, one_parameter, &table::one)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(find, two_parameters, &table::two)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(find, encoded, &table::encoded)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(find, missing, &table::missing)->Arg(10)->Arg(100)->Arg(1000);

// What of that is making and dropping the context.
void context_alone(benchmark::State& state) {
  tacit::memory::arena memory;
  for (auto _ : state) {
    {
      context c(memory);
      benchmark::DoNotOptimize(&c);
    }
    memory.reset();
  }
}
BENCHMARK(context_alone);

void add(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(table(static_cast<int>(state.range(0))));
}
BENCHMARK(add)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
