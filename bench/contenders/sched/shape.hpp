#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

// The workloads that schedulers are compared by, and what a contender's program has around them.
// Each program carries out one shape and prints one line of JSON.
namespace tacit::bench::contenders::sched {

/// What a contender's program was asked for.
struct order {
  std::string shape;
  std::int64_t size = 0;  ///< In the shape's own measure, see shape.cpp.
  unsigned workers = 2;
};

/// What a shape did.
struct outcome {
  std::int64_t operations = 0;
  bool is_right = false;  ///< Whether the result is the one that is known.
  double seconds = 0;     ///< Without starting and stopping the runtime.
};

/// Wall time since it was made.
class stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// A shape as a contender does it. Measure is whatever the contender calls: a function, a
/// coroutine.
template <class Function>
struct shape {
  const char* name;
  Function* run;
};

/// Reads `SHAPE [--workers N] [--size N]`. Wrong usage ends the program with one line and status 2.
[[nodiscard]] order parse_order(const char* contender, int argc, char** argv);

/// Prints the line of JSON and returns the exit status: 1 if the result was wrong.
int report(const char* contender, const order& asked, const outcome& done);

/// For a shape that this contender does not do: says so and returns exit status 2.
int refuse_shape(const char* contender, const order& asked);

/// The whole program of a contender. `enter(order, function)` starts the runtime, runs the function
/// in it, and says what it did.
template <class Function, std::size_t Count, class Enter>
int run_program(const char* contender, const shape<Function> (&shapes)[Count], Enter enter,
                int argc, char** argv) {
  const auto asked = parse_order(contender, argc, argv);
  for (const auto& candidate : shapes) {
    if (asked.shape == candidate.name) return report(contender, asked, enter(asked, candidate.run));
  }
  return refuse_shape(contender, asked);
}

// ---- what all contenders share: sizes, and the results that are known
// ----------------------------

/// 0 + 1 + ... + (n - 1)
constexpr std::int64_t sum_below(std::int64_t n) {
  return n * (n - 1) / 2;
}

inline constexpr std::int64_t fan_out = 10;             // of skynet
inline constexpr std::int64_t spawn_batch = 1'000;      // spawned, then joined
inline constexpr std::int64_t channel_capacity = 1024;  // of channel_2_2
inline constexpr std::int64_t mutex_tasks = 8;
// Asleep at a time in timer_fire, at most. To start them takes much longer than they sleep (1 ms),
// so the time is that of the runtime.
inline constexpr std::int64_t timers_together = 100'000;

/// How many pieces of `piece` cover `size`.
constexpr std::int64_t pieces_of(std::int64_t size, std::int64_t piece) {
  return (size + piece - 1) / piece;
}

[[nodiscard]] outcome skynet_outcome(std::int64_t leaves, std::int64_t sum);
/// Operations are calls.
[[nodiscard]] outcome fib_outcome(std::int64_t n, std::int64_t value);
/// Operations are queens set on the way.
[[nodiscard]] outcome queens_outcome(std::int64_t side, std::int64_t solutions);

}  // namespace tacit::bench::contenders::sched
