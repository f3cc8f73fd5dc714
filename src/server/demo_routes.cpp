#include "server/demo_routes.hpp"

#include <time.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory_resource>
#include <tacit/http/json.hpp>
#include <tacit/http/server_sent_events.hpp>

#include <tacit/sync/sleep.hpp>

namespace tacit::server {
namespace {

using http::context;

// Bounds on what one request may ask for, so that the demo server cannot be turned against its
// machine.
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 30;
constexpr std::uint64_t burn_us_max = 10'000'000;
constexpr std::uint64_t sleep_ms_max = 60'000;
constexpr std::uint64_t churn_bytes_max = 64 << 20;
constexpr std::uint64_t events_max = 1'000'000;

// The number, or nullopt after a 400 that says what was expected.
std::optional<std::uint64_t> bounded(context& c, std::string_view name, std::uint64_t max) {
  const auto value = c.query_number(name);
  if (value && *value <= max) return value;
  char limit[24];
  const auto [end, ec] = std::to_chars(limit, limit + sizeof limit, max);
  c.status(400).text("expected ", name, "=N with N from 0 to ",
                     std::string_view(limit, static_cast<std::size_t>(end - limit)), "\n");
  return std::nullopt;
}

void index(context& c) {
  c.text(
      "Tacit is running.\n\n"
      "GET  /plaintext                  Hello, World!\n"
      "GET  /json                       the same as JSON\n"
      "POST /echo                       the request body\n"
      "GET  /bytes/{n}                  n bytes\n"
      "GET  /burn?us=N                  after N microseconds of CPU\n"
      "GET  /sleep?ms=N                 after N milliseconds of waiting\n"
      "GET  /churn?objects=N&bytes=M    after N allocations of M bytes, and one session replaced\n"
      "GET  /events?n=N&ms=M            N events, one every M milliseconds\n"
      "GET  /healthz, /readyz, /metrics, /debug/runtime, /debug/scheduler, /debug/tasks,\n"
      "     /debug/pauses\n");
}

void echo(context& c) {
  c.body(c.request.body, c.request.find("Content-Type").value_or("application/octet-stream"));
}

// What the thread has had, as opposed to what has passed: where threads share a CPU, a burn that
// counted the latter would become the shorter the more of them there are.
std::chrono::nanoseconds thread_cpu_time() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

void burn(context& c) {
  const auto us = bounded(c, "us", burn_us_max);
  if (!us) return;
  const auto end = thread_cpu_time() + std::chrono::microseconds(*us);
  while (thread_cpu_time() < end) {
  }
  c.text("burned\n");
}

sched::task<> sleep(context& c) {
  const auto ms = bounded(c, "ms", sleep_ms_max);
  if (!ms) co_return;
  if (co_await sync::sleep_for(std::chrono::milliseconds(*ms)))
    co_return c.problem(503, "stopping");
  c.text("slept\n");
}

// Allocates from the request's memory, so that the memory modes differ in it as they do in real
// handlers, and changes what is kept between requests.
void churn(context& c, live_set& live) {
  const auto objects = bounded(c, "objects", churn_bytes_max);
  if (!objects) return;
  const auto bytes = bounded(c, "bytes", churn_bytes_max);
  if (!bytes) return;
  if (*objects * *bytes > churn_bytes_max) {
    return c.problem(400, "objects times bytes is above 64 MiB");
  }
  std::pmr::vector<std::pmr::vector<char>> garbage(&c.arena());
  garbage.reserve(*objects);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < *objects; ++i) {
    auto& object = garbage.emplace_back();
    object.resize(*bytes, static_cast<char>(i));
    for (const char each : object)
      sum += static_cast<unsigned char>(each);
  }
  live.touch();
  char text[24];
  const auto [end, ec] = std::to_chars(text, text + sizeof text, sum);
  c.text(std::string_view(text, static_cast<std::size_t>(end - text)), "\n");
}

std::string_view in_digits(std::uint64_t value, std::array<char, 24>& into) {
  const auto [end, ec] = std::to_chars(into.data(), into.data() + into.size(), value);
  return {into.data(), static_cast<std::size_t>(end - into.data())};
}

// Events are numbered from 1; a client that comes back goes on behind the last one it has seen.
sched::task<> tick(http::event_stream& events, std::uint64_t last_seen, std::uint64_t last,
                   std::chrono::milliseconds pause) {
  for (std::uint64_t i = last_seen + 1; i <= last; ++i) {
    std::array<char, 24> digits;
    const std::string_view number = in_digits(i, digits);
    const base::error_code unsent =
        co_await events.send({.data = number, .name = "tick", .id = number});
    if (unsent) co_return;
    if (i == last) co_return;
    const base::error_code over = co_await sync::sleep_for(pause);
    if (over) co_return;
  }
}

sched::task<> events(context& c) {
  const auto n = bounded(c, "n", events_max);
  if (!n) co_return;
  const auto ms = bounded(c, "ms", sleep_ms_max);
  if (!ms) co_return;
  const std::string_view id = http::last_event_id(c);
  std::uint64_t last_seen = 0;
  std::from_chars(id.data(), id.data() + id.size(), last_seen);
  if (last_seen > *n) last_seen = *n;
  http::event_stream stream(c);
  static_cast<void>(
      co_await stream.run(tick(stream, last_seen, *n, std::chrono::milliseconds(*ms))));
}

}  // namespace

void add_demo_routes(server& app, const pattern_source& pattern, live_set& live) {
  app.get("/", index);
  app.get("/plaintext", [](context& c) { c.text("Hello, World!"); });
  app.get("/json", [](context& c) { c.json({{"message", "Hello, World!"}}); });
  app.post("/echo", echo);
  app.get("/bytes/{n}", [&pattern](context& c) {
    const std::string_view text = c.param("n");
    std::uint64_t bytes = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (ec != std::errc{} || end != text.data() + text.size() || bytes > bytes_max) {
      return c.problem(400, "expected a number of bytes from 0 to 1073741824");
    }
    c.body(pattern, bytes, "text/plain; charset=utf-8");
  });
  app.get("/burn", burn);
  app.get("/sleep", sleep);
  app.get("/churn", [&live](context& c) { churn(c, live); });
  app.get("/events", events);
}

}  // namespace tacit::server
