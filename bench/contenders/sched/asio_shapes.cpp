// The shapes with plain Asio: awaitable coroutines on a thread_pool.
//
// Fork is co_spawn, join is a receive from a channel of the children's results: Asio has no cheaper
// way to wait for several coroutines (awaitable_operators' && costs more). Not here: select, as ||
// of two receives may take from both channels and give up one element; and a mutex, which Asio
// does not have.

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>

#include "bench/contenders/sched/board.hpp"
#include "bench/contenders/sched/shape.hpp"

namespace {

using namespace tacit::bench::contenders::sched;
namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using boost::system::error_code;
using channel = asio::experimental::concurrent_channel<void(error_code, std::int64_t)>;

/// Adds up what `count` children send.
awaitable<std::int64_t> sum_of(channel& results, std::int64_t count) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i)
    sum += co_await results.async_receive(use_awaitable);
  co_return sum;
}

awaitable<void> skynet_child(channel& result, std::int64_t first, std::int64_t leaves);

awaitable<std::int64_t> skynet_sum(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) co_return first;
  const auto executor = co_await asio::this_coro::executor;
  channel results(executor, fan_out);
  const auto share = leaves / fan_out;
  for (std::int64_t child = 0; child < fan_out; ++child)
    asio::co_spawn(executor, skynet_child(results, first + child * share, share), asio::detached);
  co_return co_await sum_of(results, fan_out);
}

awaitable<void> skynet_child(channel& result, std::int64_t first, std::int64_t leaves) {
  result.try_send(error_code{}, co_await skynet_sum(first, leaves));
}

awaitable<outcome> skynet(order asked) {
  co_return skynet_outcome(asked.size, co_await skynet_sum(0, asked.size));
}

awaitable<void> fib_child(channel& result, std::int64_t n);

awaitable<std::int64_t> fib_value(std::int64_t n) {
  if (n < 2) co_return n;
  const auto executor = co_await asio::this_coro::executor;
  channel forked(executor, 1);
  asio::co_spawn(executor, fib_child(forked, n - 1), asio::detached);
  const auto own = co_await fib_value(n - 2);
  co_return own + co_await forked.async_receive(use_awaitable);
}

awaitable<void> fib_child(channel& result, std::int64_t n) {
  result.try_send(error_code{}, co_await fib_value(n));
}

awaitable<outcome> fib(order asked) {
  co_return fib_outcome(asked.size, co_await fib_value(asked.size));
}

awaitable<void> queens_child(channel& result, int side, int column, board set);

awaitable<std::int64_t> solutions_from(int side, int column, board set) {
  if (column == side) co_return 1;
  const auto executor = co_await asio::this_coro::executor;
  channel results(executor, side_max);
  std::int64_t children = 0;
  for (int row = 0; row < side; ++row) {
    if (!set.is_safe(column, row)) continue;
    ++children;
    asio::co_spawn(executor, queens_child(results, side, column + 1, set.with_queen(column, row)),
                   asio::detached);
  }
  co_return co_await sum_of(results, children);
}

awaitable<void> queens_child(channel& result, int side, int column, board set) {
  result.try_send(error_code{}, co_await solutions_from(side, column, set));
}

awaitable<outcome> nqueens(order asked) {
  co_return queens_outcome(asked.size,
                           co_await solutions_from(static_cast<int>(asked.size), 0, {}));
}

awaitable<void> leave(channel& result, std::int64_t value) {
  result.try_send(error_code{}, value);
  co_return;
}

awaitable<outcome> spawn_join(order asked) {
  const auto executor = co_await asio::this_coro::executor;
  const auto batches = pieces_of(asked.size, spawn_batch);
  std::int64_t sum = 0;
  channel results(executor, spawn_batch);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (std::int64_t i = 0; i < spawn_batch; ++i)
      asio::co_spawn(executor, leave(results, i), asio::detached);
    sum += co_await sum_of(results, spawn_batch);
  }
  co_return outcome{batches * spawn_batch, sum == batches * sum_below(spawn_batch)};
}

// Channels that several coroutines hold are shared, so that whoever ends last destroys them.
using shared_channel = std::shared_ptr<channel>;

awaitable<void> send_range(shared_channel to, std::int64_t first, std::int64_t last) {
  for (auto i = first; i < last; ++i)
    co_await to->async_send(error_code{}, i, use_awaitable);
}

awaitable<void> send_back(shared_channel from, shared_channel to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto value = co_await from->async_receive(use_awaitable);
    co_await to->async_send(error_code{}, value, use_awaitable);
  }
}

awaitable<outcome> ping_pong(order asked) {
  const auto executor = co_await asio::this_coro::executor;
  const auto there = std::make_shared<channel>(executor, 0);
  const auto back = std::make_shared<channel>(executor, 0);
  asio::co_spawn(executor, send_back(there, back, asked.size), asio::detached);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < asked.size; ++i) {
    co_await there->async_send(error_code{}, i, use_awaitable);
    sum += co_await back->async_receive(use_awaitable);
  }
  co_return outcome{asked.size, sum == sum_below(asked.size)};
}

awaitable<void> consume(shared_channel from, shared_channel sums, std::int64_t count) {
  sums->try_send(error_code{}, co_await sum_of(*from, count));
}

// Each consumer takes half. Until the channel is closed would be shorter, but 1.81 drops what a
// channel still holds when it is closed.
awaitable<outcome> channel_2_2(order asked) {
  const auto executor = co_await asio::this_coro::executor;
  const auto queue = std::make_shared<channel>(executor, channel_capacity);
  const auto sums = std::make_shared<channel>(executor, 2);
  const auto half = asked.size / 2;
  for (int i = 0; i < 2; ++i) {
    asio::co_spawn(executor, send_range(queue, i * half, (i + 1) * half), asio::detached);
    asio::co_spawn(executor, consume(queue, sums, half), asio::detached);
  }
  const auto sum = co_await sum_of(*sums, 2);
  co_return outcome{2 * half, sum == sum_below(2 * half)};
}

awaitable<outcome> timer_cancel(order asked) {
  const auto executor = co_await asio::this_coro::executor;
  std::int64_t cancelled = 0;
  for (std::int64_t i = 0; i < asked.size; ++i) {
    asio::steady_timer timer(executor, std::chrono::hours(1));
    timer.async_wait([](error_code) {});
    cancelled += static_cast<std::int64_t>(timer.cancel());
  }
  co_return outcome{asked.size, cancelled == asked.size};
}

awaitable<void> sleep_once(channel& done) {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(use_awaitable);
  done.try_send(error_code{}, 1);
}

awaitable<outcome> timer_fire(order asked) {
  const auto executor = co_await asio::this_coro::executor;
  const auto batches = pieces_of(asked.size, timers_together);
  std::int64_t fired = 0;
  channel done(executor, timers_together);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (std::int64_t i = 0; i < timers_together; ++i)
      asio::co_spawn(executor, sleep_once(done), asio::detached);
    fired += co_await sum_of(done, timers_together);
  }
  co_return outcome{batches * timers_together, fired == batches * timers_together};
}

outcome enter(const order& asked, awaitable<outcome> (*run)(order)) {
  asio::thread_pool workers(asked.workers);
  const stopwatch clock;
  auto done = asio::co_spawn(workers, run(asked), asio::use_future).get();
  done.seconds = clock.seconds();
  workers.join();
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  static constexpr shape<awaitable<outcome>(order)> shapes[] = {{"skynet", skynet},
                                                                {"fib", fib},
                                                                {"nqueens", nqueens},
                                                                {"spawn_join", spawn_join},
                                                                {"ping_pong", ping_pong},
                                                                {"channel_2_2", channel_2_2},
                                                                {"timer_cancel", timer_cancel},
                                                                {"timer_fire", timer_fire}};
  return run_program("asio", shapes, enter, argc, argv);
}
