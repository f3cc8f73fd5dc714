#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/mutex.hpp"
#include "model/schedule.hpp"

namespace tacit::model {

/// How a body is explored.
struct search {
  /// Every run with at most so many preemptions and so many stale reads; or, with `samples`, so
  /// many runs at random, with any number of both.
  std::uint32_t preemptions = 2;
  std::uint32_t stale_reads = 1;
  std::uint64_t samples = 0;
  std::uint64_t seed = 1;
  /// A run that takes more steps has not ended, an exploration that takes more runs neither.
  std::uint32_t steps_max = 2'000;
  std::uint64_t runs_max = 5'000'000;
};

struct failure {
  std::string what;
  schedule decisions;
  std::vector<std::string> trace;
};

struct outcome {
  std::uint64_t runs = 0;
  std::uint64_t steps = 0;
  /// Every run that `search` speaks of was made.
  bool complete = false;
  std::optional<failure> failed;
};

/// Runs `body` until a run fails or all are done. The body makes what it tests anew each time, and
/// does the same whenever it is given the same answers.
///
/// A run fails by require(), by an assertion of the code under test, by a race on a plain<T>, by a
/// deadlock (which is what a lost wake-up ends in), and when it does not end.
[[nodiscard]] outcome explore(const search& how, const std::function<void()>& body);

/// One run, traced.
[[nodiscard]] outcome repeat(const search& how, const schedule& decisions,
                             const std::function<void()>& body);

/// For tests: no run fails. With TACIT_MODEL_REPLAY=<schedule> in the environment only that run is
/// made, and its trace printed; with TACIT_MODEL_SEED=<n> random runs begin elsewhere.
void expect_holds(const search& how, const std::function<void()>& body);

/// For tests of the explorer itself: a run fails, and what is said of it contains `what`.
void expect_found(const search& how, std::string_view what, const std::function<void()>& body);

/// Ends the run unless `holds`.
inline void require(bool holds, const char* what) {
  if (!holds) execution::current()->fail(what);
}

/// For a loop that waits for another thread's progress.
inline void give_way() {
  execution::current()->give_way();
}

/// One of 0 … count - 1; all are explored.
[[nodiscard]] inline std::uint32_t any_of(std::uint32_t count) {
  return execution::current()->choose(choice_kind::any, count);
}

/// Runs the bodies as threads that begin together, and waits for their end.
template <class... Bodies>
void together(Bodies... bodies) {
  execution& run = *execution::current();
  const std::uint32_t threads[] = {run.spawn(std::move(bodies))...};
  for (const std::uint32_t each : threads)
    run.join(each);
}

}  // namespace tacit::model
