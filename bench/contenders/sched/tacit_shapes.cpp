// The shapes with Tacit, as a program that embeds its runtime would write them.

#include <array>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/when_all.hpp>
#include <tacit/sync/channel.hpp>
#include <tacit/sync/mutex.hpp>
#include <tacit/sync/select.hpp>
#include <tacit/sync/sleep.hpp>
#include <tacit/sync/wait_group.hpp>

#include "bench/contenders/sched/board.hpp"
#include "bench/contenders/sched/shape.hpp"

namespace {

using namespace tacit::bench::contenders::sched;
using tacit::sched::scheduler;
using tacit::sched::task;
using tacit::sched::when_all;
using tacit::sync::channel;

template <std::size_t... Child>
std::array<task<std::int64_t>, sizeof...(Child)> skynet_children(std::int64_t first,
                                                                 std::int64_t share,
                                                                 std::index_sequence<Child...>);

task<std::int64_t> skynet_sum(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) co_return first;
  auto children = skynet_children(first, leaves / fan_out,
                                  std::make_index_sequence<static_cast<std::size_t>(fan_out)>());
  co_await when_all(std::span(children));
  std::int64_t sum = 0;
  for (auto& each : children)
    sum += each.result();
  co_return sum;
}

template <std::size_t... Child>
std::array<task<std::int64_t>, sizeof...(Child)> skynet_children(std::int64_t first,
                                                                 std::int64_t share,
                                                                 std::index_sequence<Child...>) {
  return {skynet_sum(first + static_cast<std::int64_t>(Child) * share, share)...};
}

task<outcome> skynet(scheduler&, order asked) {
  co_return skynet_outcome(asked.size, co_await skynet_sum(0, asked.size));
}

task<std::int64_t> fib_value(std::int64_t n) {
  if (n < 2) co_return n;
  const auto [a, b] = co_await when_all(fib_value(n - 1), fib_value(n - 2));
  co_return a + b;
}

task<outcome> fib(scheduler&, order asked) {
  co_return fib_outcome(asked.size, co_await fib_value(asked.size));
}

task<std::int64_t> solutions_from(int side, int column, board set) {
  if (column == side) co_return 1;
  std::array<task<std::int64_t>, side_max> children;
  std::size_t count = 0;
  for (int row = 0; row < side; ++row) {
    if (!set.is_safe(column, row)) continue;
    children[count++] = solutions_from(side, column + 1, set.with_queen(column, row));
  }
  const std::span forked(children.data(), count);
  co_await when_all(forked);
  std::int64_t found = 0;
  for (auto& each : forked)
    found += each.result();
  co_return found;
}

task<outcome> nqueens(scheduler&, order asked) {
  co_return queens_outcome(asked.size,
                           co_await solutions_from(static_cast<int>(asked.size), 0, {}));
}

task<std::int64_t> value_of(std::int64_t value) {
  co_return value;
}

task<outcome> spawn_join(scheduler& on, order asked) {
  const auto batches = pieces_of(asked.size, spawn_batch);
  std::vector<tacit::sched::join_handle<std::int64_t>> spawned(spawn_batch);
  std::int64_t sum = 0;
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (std::int64_t i = 0; i < spawn_batch; ++i)
      spawned[static_cast<std::size_t>(i)] = on.spawn(value_of(i));
    for (auto& each : spawned)
      sum += co_await std::move(each);
  }
  co_return outcome{batches * spawn_batch, sum == batches * sum_below(spawn_batch)};
}

task<> send_back(channel<std::int64_t>& from, channel<std::int64_t>& to) {
  while (auto value = co_await from.receive())
    co_await to.send(*value);
}

task<outcome> ping_pong(scheduler& on, order asked) {
  channel<std::int64_t> there;
  channel<std::int64_t> back;
  auto other = on.spawn(send_back(there, back));
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < asked.size; ++i) {
    co_await there.send(i);
    sum += *co_await back.receive();
  }
  there.close();
  co_await std::move(other);
  co_return outcome{asked.size, sum == sum_below(asked.size)};
}

task<> send_range(channel<std::int64_t>& to, std::int64_t first, std::int64_t last) {
  for (auto i = first; i < last; ++i)
    co_await to.send(i);
}

task<std::int64_t> sum_of(channel<std::int64_t>& from) {
  std::int64_t sum = 0;
  while (auto value = co_await from.receive())
    sum += *value;
  co_return sum;
}

task<outcome> channel_2_2(scheduler& on, order asked) {
  channel<std::int64_t> queue(channel_capacity);
  const auto half = asked.size / 2;
  auto first_sum = on.spawn(sum_of(queue));
  auto second_sum = on.spawn(sum_of(queue));
  auto first_half = on.spawn(send_range(queue, 0, half));
  auto second_half = on.spawn(send_range(queue, half, 2 * half));
  co_await std::move(first_half);
  co_await std::move(second_half);
  queue.close();
  const auto sum = co_await std::move(first_sum) + co_await std::move(second_sum);
  co_return outcome{2 * half, sum == sum_below(2 * half)};
}

task<outcome> select_two(scheduler& on, order asked) {
  channel<std::int64_t> left;
  channel<std::int64_t> right;
  const auto half = asked.size / 2;
  auto to_left = on.spawn(send_range(left, 0, half));
  auto to_right = on.spawn(send_range(right, half, 2 * half));
  std::int64_t sum = 0;
  tacit::sync::received<std::int64_t> value;
  for (std::int64_t i = 0; i < 2 * half; ++i) {
    co_await tacit::sync::select(left.on_receive(value), right.on_receive(value));
    sum += *value;
  }
  co_await std::move(to_left);
  co_await std::move(to_right);
  co_return outcome{2 * half, sum == sum_below(2 * half)};
}

task<> count_up(tacit::sync::mutex& guarding, std::int64_t& counter, std::int64_t times) {
  for (std::int64_t i = 0; i < times; ++i) {
    const auto held = co_await guarding.lock();
    ++counter;
  }
}

task<outcome> mutex(scheduler& on, order asked) {
  tacit::sync::mutex guarding;
  std::int64_t counter = 0;
  const auto share = asked.size / mutex_tasks;
  std::vector<tacit::sched::join_handle<>> tasks;
  for (std::int64_t i = 0; i < mutex_tasks; ++i)
    tasks.push_back(on.spawn(count_up(guarding, counter, share)));
  for (auto& each : tasks)
    co_await std::move(each);
  co_return outcome{mutex_tasks * share, counter == mutex_tasks * share};
}

class alarm final : public tacit::sched::timer {
 public:
  std::optional<tacit::base::steady_time> on_expired(
      tacit::base::steady_time /*now*/) noexcept override {
    return std::nullopt;
  }
};

task<outcome> timer_cancel(scheduler&, order asked) {
  std::int64_t cancelled = 0;
  for (std::int64_t i = 0; i < asked.size; ++i) {
    alarm in_an_hour;
    auto& timers = *tacit::sched::this_worker::timers();
    timers.set(in_an_hour, std::chrono::steady_clock::now() + std::chrono::hours(1));
    cancelled += timers.cancel(in_an_hour) ? 1 : 0;
  }
  co_return outcome{asked.size, cancelled == asked.size};
}

task<> sleep_once(tacit::sync::wait_group& all) {
  static_cast<void>(co_await tacit::sync::sleep_for(std::chrono::milliseconds(1)));
  all.done();
}

task<outcome> timer_fire(scheduler& on, order asked) {
  const auto batches = pieces_of(asked.size, timers_together);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    tacit::sync::wait_group all;
    all.add(timers_together);
    for (std::int64_t i = 0; i < timers_together; ++i)
      on.spawn(sleep_once(all)).detach();
    co_await all.wait();
  }
  co_return outcome{batches * timers_together, true};
}

template <class T>
task<T> joined(tacit::sched::join_handle<T> spawned) {
  co_return co_await std::move(spawned);
}

outcome enter(const order& asked, task<outcome> (*run)(scheduler&, order)) {
  tacit::sched::scheduler_options options;
  options.workers = asked.workers;
  scheduler workers(options);
  const stopwatch watch;
  auto done = tacit::sched::block_on(joined(workers.spawn(run(workers, asked))));
  done.seconds = watch.seconds();
  return done;
}

constexpr shape<task<outcome>(scheduler&, order)> shapes[] = {{"skynet", skynet},
                                                              {"fib", fib},
                                                              {"nqueens", nqueens},
                                                              {"spawn_join", spawn_join},
                                                              {"ping_pong", ping_pong},
                                                              {"channel_2_2", channel_2_2},
                                                              {"select_two", select_two},
                                                              {"mutex", mutex},
                                                              {"timer_cancel", timer_cancel},
                                                              {"timer_fire", timer_fire}};

}  // namespace

int main(int argc, char** argv) {
  return run_program("tacit", shapes, enter, argc, argv);
}
