// The shapes with Boost.Fiber and its work_stealing algorithm. It has no select and no timers that
// could be cancelled; a fiber that sleeps is its timer.

#include <algorithm>
#include <array>
#include <boost/fiber/algo/work_stealing.hpp>
#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/condition_variable.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/fixedsize_stack.hpp>
#include <boost/fiber/future.hpp>
#include <boost/fiber/mutex.hpp>
#include <boost/fiber/operations.hpp>
#include <boost/fiber/unbuffered_channel.hpp>
#include <mutex>
#include <numeric>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/contenders/sched/board.hpp"
#include "bench/contenders/sched/shape.hpp"

namespace {

using namespace tacit::bench::contenders::sched;
namespace fibers = boost::fibers;

// Two pages, as in Boost.Fiber's own skynet, are too few: the first time that a lock is contended,
// it puts a std::random_device of 5 kB on the stack.
constexpr std::size_t stack_bytes = 16'384;

template <class Work>
auto fork(Work work) {
  return fibers::async(fibers::launch::post, std::allocator_arg,
                       fibers::fixedsize_stack(stack_bytes), std::move(work));
}

template <class Work>
fibers::fiber spawn(Work work) {
  return {fibers::launch::post, std::allocator_arg, fibers::fixedsize_stack(stack_bytes),
          std::move(work)};
}

std::int64_t skynet_sum(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) return first;
  std::array<fibers::future<std::int64_t>, fan_out> sums;
  const auto share = leaves / fan_out;
  for (auto& sum : sums) {
    sum = fork([first, share] { return skynet_sum(first, share); });
    first += share;
  }
  return std::accumulate(sums.begin(), sums.end(), std::int64_t{0},
                         [](std::int64_t sum, auto& part) { return sum + part.get(); });
}

outcome skynet(const order& asked) {
  return skynet_outcome(asked.size, skynet_sum(0, asked.size));
}

std::int64_t fib_value(std::int64_t n) {
  if (n < 2) return n;
  auto forked = fork([n] { return fib_value(n - 1); });
  const auto own = fib_value(n - 2);
  return own + forked.get();
}

outcome fib(const order& asked) {
  return fib_outcome(asked.size, fib_value(asked.size));
}

std::int64_t solutions_from(int side, int column, const board& set) {
  if (column == side) return 1;
  std::array<fibers::future<std::int64_t>, side_max> found;
  std::size_t children = 0;
  for (int row = 0; row < side; ++row) {
    if (!set.is_safe(column, row)) continue;
    found[children++] = fork([side, column, next = set.with_queen(column, row)] {
      return solutions_from(side, column + 1, next);
    });
  }
  std::int64_t sum = 0;
  for (std::size_t child = 0; child < children; ++child)
    sum += found[child].get();
  return sum;
}

outcome nqueens(const order& asked) {
  return queens_outcome(asked.size, solutions_from(static_cast<int>(asked.size), 0, {}));
}

outcome spawn_join(const order& asked) {
  const auto batches = pieces_of(asked.size, spawn_batch);
  std::vector<fibers::fiber> all(spawn_batch);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (auto& one : all)
      one = spawn([] {});
    for (auto& one : all)
      one.join();
  }
  return {batches * spawn_batch, true};
}

outcome ping_pong(const order& asked) {
  fibers::unbuffered_channel<std::int64_t> there;
  fibers::unbuffered_channel<std::int64_t> back;
  auto other = spawn([&] {
    for (std::int64_t value = 0; there.pop(value) == fibers::channel_op_status::success;)
      back.push(value);
  });
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < asked.size; ++i) {
    there.push(i);
    sum += back.value_pop();
  }
  there.close();
  other.join();
  return {asked.size, sum == sum_below(asked.size)};
}

outcome channel_2_2(const order& asked) {
  fibers::buffered_channel<std::int64_t> queue(channel_capacity);
  const auto half = asked.size / 2;
  const auto produce = [&queue, half](std::int64_t first) {
    for (auto i = first; i < first + half; ++i)
      queue.push(i);
  };
  const auto consume = [&queue] {
    std::int64_t sum = 0;
    for (std::int64_t value = 0; queue.pop(value) == fibers::channel_op_status::success;)
      sum += value;
    return sum;
  };
  auto first_producer = fork([&] { produce(0); });
  auto second_producer = fork([&] { produce(half); });
  auto first_consumer = fork(consume);
  auto second_consumer = fork(consume);
  first_producer.wait();
  second_producer.wait();
  queue.close();
  return {2 * half, first_consumer.get() + second_consumer.get() == sum_below(2 * half)};
}

outcome mutex(const order& asked) {
  fibers::mutex guard;
  std::int64_t counter = 0;
  const auto share = asked.size / mutex_tasks;
  std::vector<fibers::fiber> all;
  for (std::int64_t task = 0; task < mutex_tasks; ++task) {
    all.push_back(spawn([&] {
      for (std::int64_t i = 0; i < share; ++i) {
        const std::lock_guard lock(guard);
        ++counter;
      }
    }));
  }
  for (auto& one : all)
    one.join();
  return {share * mutex_tasks, counter == share * mutex_tasks};
}

outcome timer_fire(const order& asked) {
  const auto batches = pieces_of(asked.size, timers_together);
  std::vector<fibers::fiber> all(timers_together);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (auto& one : all)
      one = spawn([] { boost::this_fiber::sleep_for(std::chrono::milliseconds(1)); });
    for (auto& one : all)
      one.join();
  }
  return {batches * timers_together, true};
}

using fibers::algo::work_stealing;

/// The other workers. They serve until the shape is done; the main thread is a worker too.
class team {
 public:
  team(unsigned workers, bool suspends) {
    for (unsigned i = 1; i < workers; ++i)
      threads_.emplace_back([this, workers, suspends] { serve(workers, suspends); });
    // Waits for the other workers to do the same.
    fibers::use_scheduling_algorithm<work_stealing>(workers, suspends);
  }
  ~team() {
    {
      const std::lock_guard lock(guard_);
      is_done_ = true;
    }
    done_.notify_all();
    for (auto& thread : threads_)
      thread.join();
  }
  team(const team&) = delete;
  team& operator=(const team&) = delete;

 private:
  void serve(unsigned workers, bool suspends) {
    fibers::use_scheduling_algorithm<work_stealing>(workers, suspends);
    std::unique_lock lock(guard_);
    done_.wait(lock, [this] { return is_done_; });
  }

  fibers::mutex guard_;
  fibers::condition_variable done_;
  bool is_done_ = false;
  std::vector<std::thread> threads_;
};

/// A worker without work spins, or suspends and is not woken for work that it could steal. The
/// first is far better for fork and join, the second where tasks talk to each other.
bool is_better_suspended(const std::string& shape) {
  static constexpr std::string_view spinning[] = {"skynet", "fib", "nqueens", "spawn_join"};
  return std::find(std::begin(spinning), std::end(spinning), shape) == std::end(spinning);
}

outcome enter(const order& asked, outcome (*run)(const order&)) {
  const team workers(asked.workers, is_better_suspended(asked.shape));
  const stopwatch clock;
  auto done = run(asked);
  done.seconds = clock.seconds();
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  static constexpr shape<outcome(const order&)> shapes[] = {
      {"skynet", skynet},       {"fib", fib},
      {"nqueens", nqueens},     {"spawn_join", spawn_join},
      {"ping_pong", ping_pong}, {"channel_2_2", channel_2_2},
      {"mutex", mutex},         {"timer_fire", timer_fire}};
  return run_program("fiber", shapes, enter, argc, argv);
}
