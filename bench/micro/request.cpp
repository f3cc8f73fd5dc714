// What a request costs between its bytes and its handler: parser, then router.

#include <benchmark/benchmark.h>

#include <string>

#include <tacit/http/context.hpp>
#include <tacit/http/router.hpp>
#include <tacit/memory/arena.hpp>

#include "http/parser.hpp"

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

}  // namespace

BENCHMARK_MAIN();
