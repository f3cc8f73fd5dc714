#include "bench/contenders/sched/shape.hpp"

#include <fmt/format.h>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace tacit::bench::contenders::sched {
namespace {

struct shape_size {
  std::string_view shape;
  std::int64_t size;
};

// Sizes unless --size says otherwise. go/main.go has the same.
constexpr shape_size sizes[] = {
    {"skynet", 100'000'000},      // leaves, a power of ten
    {"fib", 39},                  // n
    {"nqueens", 14},              // side of the board
    {"spawn_join", 10'000'000},   // tasks
    {"ping_pong", 2'000'000},     // round trips
    {"channel_2_2", 10'000'000},  // elements
    {"select_two", 2'000'000},    // elements
    {"mutex", 10'000'000},        // locks
    {"timer_cancel", 2'000'000},  // timers
    {"timer_fire", 1'000'000},    // timers
};

struct queens_result {
  std::int64_t side;
  std::int64_t solutions;
  std::int64_t placements;
};

constexpr queens_result known_queens[] = {
    {8, 92, 2'056},        {9, 352, 8'393},         {10, 724, 35'538},         {11, 2'680, 166'925},
    {12, 14'200, 856'188}, {13, 73'712, 4'674'889}, {14, 365'596, 27'358'552},
};

[[noreturn]] void refuse(const char* contender, const std::string& why) {
  fmt::print(stderr, "{}: {}\n", contender, why);
  std::exit(2);
}

std::int64_t number(const char* contender, std::string_view option, std::string_view text,
                    std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) {
    refuse(contender,
           fmt::format("{}: expected a number from 1 to {}, got {}", option, most, text));
  }
  return value;
}

const queens_result* find_queens(std::int64_t side) {
  for (const auto& known : known_queens) {
    if (known.side == side) return &known;
  }
  return nullptr;
}

bool is_power_of_ten(std::int64_t number) {
  while (number % 10 == 0)
    number /= 10;
  return number == 1;
}

void check_size(const char* contender, const order& asked) {
  if (asked.shape == "skynet" && !is_power_of_ten(asked.size))
    refuse(contender, fmt::format("skynet: expected a power of ten, got {}", asked.size));
  if (asked.shape == "nqueens" && find_queens(asked.size) == nullptr)
    refuse(contender, fmt::format("nqueens: no known answer for size {}", asked.size));
}

}  // namespace

order parse_order(const char* contender, int argc, char** argv) {
  if (argc % 2 != 0) refuse(contender, "usage: SHAPE [--workers N] [--size N]");
  order out{argv[1]};
  for (const auto& known : sizes) {
    if (known.shape == out.shape) out.size = known.size;
  }
  if (out.size == 0) refuse(contender, fmt::format("no shape '{}'", out.shape));
  for (int i = 2; i < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--workers") {
      out.workers = static_cast<unsigned>(number(contender, option, argv[i + 1], 1'024));
    } else if (option == "--size") {
      out.size = number(contender, option, argv[i + 1], 1'000'000'000);
    } else {
      refuse(contender, fmt::format("no option '{}'", option));
    }
  }
  check_size(contender, out);
  return out;
}

int report(const char* contender, const order& asked, const outcome& done) {
  fmt::print(
      R"({{"contender":"{}","shape":"{}","workers":{},"size":{},"operations":{},"seconds":{:.6f},)"
      R"("ns_per_operation":{:.3f},"check":"{}"}})"
      "\n",
      contender, asked.shape, asked.workers, asked.size, done.operations, done.seconds,
      done.seconds * 1e9 / static_cast<double>(done.operations), done.is_right ? "ok" : "wrong");
  return done.is_right ? 0 : 1;
}

int refuse_shape(const char* contender, const order& asked) {
  refuse(contender, fmt::format("does not do {}", asked.shape));
}

outcome skynet_outcome(std::int64_t leaves, std::int64_t sum) {
  return {leaves, sum == sum_below(leaves)};
}

outcome fib_outcome(std::int64_t n, std::int64_t value) {
  std::int64_t expected = 0;
  std::int64_t next = 1;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto after = expected + next;
    expected = next;
    next = after;
  }
  return {2 * next - 1, value == expected};
}

outcome queens_outcome(std::int64_t side, std::int64_t solutions) {
  const auto* known = find_queens(side);  // parse_order has seen to it that there is one
  return {known->placements, solutions == known->solutions};
}

}  // namespace tacit::bench::contenders::sched
