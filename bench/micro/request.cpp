// What a request costs between its bytes and its handler: parser, then router; and what it costs
// that it can be listed.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include <tacit/http/context.hpp>
#include <tacit/http/router.hpp>
#include <tacit/memory/arena.hpp>
#include <tacit/memory/mode.hpp>
#include <tacit/sched/task_listing.hpp>
#include <tacit/sched/this_worker.hpp>

#include "http/parser.hpp"
#include "http/request_label.hpp"

namespace {

using namespace tacit::http;

std::string request_with_fields(int fields) {
  std::string text = "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n";
  for (int i = 0; i < fields; ++i) {
    text += "X-Field-" + std::to_string(i) + ": a value of ordinary length, as browsers send\r\n";
  }
  return text + "\r\n";
}

void parse(benchmark::State& state) {
  const std::string text = request_with_fields(static_cast<int>(state.range(0)));
  const limits bounds;
  tacit::memory::arena memory;
  for (auto _ : state) {
    {
      request asked(memory);
      parser under_test(bounds, asked, memory);
      std::size_t consumed = 0;
      benchmark::DoNotOptimize(under_test.parse(text, consumed));
    }
    memory.reset();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse)->Arg(0)->Arg(10);

void route(benchmark::State& state, const char* path) {
  router routes;
  for (const char* each : {"/", "/plaintext", "/json", "/items/{id}", "/items/{id}/parts/{part}"}) {
    routes.add(method::get, each, make_handler([](context&) {}));
  }
  tacit::memory::arena memory;
  for (auto _ : state) {
    {
      context c(memory);
      c.request.path = path;
      benchmark::DoNotOptimize(routes.find(c));
    }
    memory.reset();
  }
}
BENCHMARK_CAPTURE(route, literal, "/plaintext");
BENCHMARK_CAPTURE(route, parameters, "/items/42/parts/7");

// What it costs each request that the listing of live coroutines can name it.
void label(benchmark::State& state) {
  const std::string text = request_with_fields(0);
  const std::string_view line =
      std::string_view(text).substr(0, std::string_view("GET /plaintext").size());
  tacit::memory::frame_note note;
  request_label label;
  for (auto _ : state) {
    const std::uint64_t number = label.begin(line, text.size());
    tacit::memory::note(note.request, number);
    tacit::sched::this_worker::serves(number);
    benchmark::ClobberMemory();
    label.end();
    tacit::memory::note<std::uint64_t>(note.request, 0);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(label);

// What /debug/tasks does, per live coroutine.
void list(benchmark::State& state) {
  const tacit::memory::thread_pools pools(tacit::memory::mode::arena);
  const auto never_started = []() -> tacit::sched::task<> { co_return; };
  std::vector<tacit::sched::task<>> live;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    live.push_back(never_started());
  for (auto _ : state)
    benchmark::DoNotOptimize(tacit::sched::list_tasks(1'000));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(list)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
