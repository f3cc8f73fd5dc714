// The fork-join shapes with oneTBB. What it has no word for (channels, timers) is not here.
//
// Skynet by parallel_invoke, which measured a tenth faster than task_group. For fib the two are the
// same, and n-queens has no fixed number of children.

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <array>
#include <numeric>

#include "bench/contenders/sched/board.hpp"
#include "bench/contenders/sched/shape.hpp"

namespace {

using namespace tacit::bench::contenders::sched;
using oneapi::tbb::task_group;

std::int64_t skynet_sum(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) return first;
  std::array<std::int64_t, fan_out> sums{};
  const auto share = leaves / fan_out;
  const auto child = [&sums, first, share](int index) {
    return [&sum = sums[static_cast<unsigned>(index)], start = first + index * share, share] {
      sum = skynet_sum(start, share);
    };
  };
  oneapi::tbb::parallel_invoke(child(0), child(1), child(2), child(3), child(4), child(5), child(6),
                               child(7), child(8), child(9));
  return std::accumulate(sums.begin(), sums.end(), std::int64_t{0});
}

outcome skynet(const order& asked) {
  return skynet_outcome(asked.size, skynet_sum(0, asked.size));
}

std::int64_t fib_value(std::int64_t n) {
  if (n < 2) return n;
  std::int64_t forked = 0;
  task_group both;
  both.run([&forked, n] { forked = fib_value(n - 1); });
  const auto own = fib_value(n - 2);
  both.wait();
  return forked + own;
}

outcome fib(const order& asked) {
  return fib_outcome(asked.size, fib_value(asked.size));
}

std::int64_t solutions_from(int side, int column, const board& set) {
  if (column == side) return 1;
  std::array<std::int64_t, side_max> found;
  auto* end = found.data();
  task_group all;
  for (int row = 0; row < side; ++row) {
    if (!set.is_safe(column, row)) continue;
    all.run([here = end++, side, column, next = set.with_queen(column, row)] {
      *here = solutions_from(side, column + 1, next);
    });
  }
  all.wait();
  return std::accumulate(found.data(), end, std::int64_t{0});
}

outcome nqueens(const order& asked) {
  return queens_outcome(asked.size, solutions_from(static_cast<int>(asked.size), 0, {}));
}

outcome spawn_join(const order& asked) {
  const auto batches = pieces_of(asked.size, spawn_batch);
  task_group all;
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (std::int64_t i = 0; i < spawn_batch; ++i)
      all.run([] {});
    all.wait();
  }
  return {batches * spawn_batch, true};
}

outcome enter(const order& asked, outcome (*run)(const order&)) {
  using oneapi::tbb::global_control;
  const global_control limit(global_control::max_allowed_parallelism, asked.workers);
  oneapi::tbb::task_arena workers(static_cast<int>(asked.workers));
  const stopwatch clock;
  auto done = workers.execute([&] { return run(asked); });
  done.seconds = clock.seconds();
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  static constexpr shape<outcome(const order&)> shapes[] = {
      {"skynet", skynet}, {"fib", fib}, {"nqueens", nqueens}, {"spawn_join", spawn_join}};
  return run_program("tbb", shapes, enter, argc, argv);
}
