// Many coroutines on several workers, as fast as they can: for ThreadSanitizer, and against lost
// wake-ups, which hang here.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include <tacit/sched/scheduler.hpp>
#include <tacit/sync/channel.hpp>
#include <tacit/sync/select.hpp>

#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using sched::task;

constexpr std::int64_t values_of_each = 10'000;

task<> send_values(channel<std::int64_t>& to) {
  for (std::int64_t i = 1; i <= values_of_each; ++i)
    co_await to.send(i);
}

task<std::int64_t> sum_values(channel<std::int64_t>& from) {
  std::int64_t sum = 0;
  while (auto each = co_await from.receive())
    sum += *each;
  co_return sum;
}

struct shape {
  std::uint32_t workers;
  int senders;
  int receivers;
  std::size_t capacity;
};

task<std::int64_t> through_one_channel(sched::scheduler& pool, shape how) {
  channel<std::int64_t> numbers(how.capacity);
  std::vector<sched::join_handle<>> sending;
  std::vector<sched::join_handle<std::int64_t>> receiving;
  for (int i = 0; i < how.senders; ++i)
    sending.push_back(pool.spawn(send_values(numbers)));
  for (int i = 0; i < how.receivers; ++i)
    receiving.push_back(pool.spawn(sum_values(numbers)));
  for (auto& each : sending)
    co_await std::move(each);
  numbers.close();
  std::int64_t sum = 0;
  for (auto& each : receiving)
    sum += co_await std::move(each);
  co_return sum;
}

TEST(channel_stress, what_is_sent_is_received_once) {
  const shape shapes[] = {{2, 1, 1, 0}, {2, 2, 2, 0},  {2, 2, 2, 1},
                          {4, 3, 5, 2}, {4, 5, 3, 64}, {3, 8, 8, 1024}};
  for (const shape& each : shapes) {
    sched::scheduler pool(tests::with_workers(each.workers));
    EXPECT_EQ(tests::run_on(pool, through_one_channel(pool, each)),
              each.senders * values_of_each * (values_of_each + 1) / 2);
  }
}

// Every coroutine sends on both channels and receives from both, so that selects meet selects in
// either order of the channels. It says when it has sent all, and receives until all have.
task<std::int64_t> trade(channel<std::int64_t>& first, channel<std::int64_t>& second,
                         channel<bool>& sent_all, channel<bool>& over) {
  std::int64_t sum = 0;
  std::int64_t own = 1;
  received<std::int64_t> got;
  for (;;) {
    const bool sends = own <= values_of_each;
    const auto happened = co_await select(
        only_if(sends, first.on_send(own)), second.on_receive(got),
        only_if(sends, second.on_send(own)), first.on_receive(got), over.on_receive());
    if (happened == 4) break;
    if (got) sum += *got;
    if (!got && own++ == values_of_each) co_await sent_all.send(true);
  }
  co_return sum;
}

task<std::int64_t> trade_among_all(sched::scheduler& pool, int traders) {
  channel<std::int64_t> a;
  channel<std::int64_t> b;
  channel<bool> sent_all;
  channel<bool> over;
  std::vector<sched::join_handle<std::int64_t>> trading;
  for (int i = 0; i < traders; ++i)
    trading.push_back(
        pool.spawn(i % 2 ? trade(a, b, sent_all, over) : trade(b, a, sent_all, over)));
  for (int i = 0; i < traders; ++i)
    co_await sent_all.receive();
  over.close();
  std::int64_t sum = 0;
  for (auto& each : trading)
    sum += co_await std::move(each);
  co_return sum;
}

TEST(select_stress, selects_that_meet_each_other_trade_each_value_once) {
  for (const std::uint32_t workers : {2U, 4U}) {
    sched::scheduler pool(tests::with_workers(workers));
    EXPECT_EQ(tests::run_on(pool, trade_among_all(pool, 6)),
              6 * values_of_each * (values_of_each + 1) / 2);
  }
}

}  // namespace
}  // namespace tacit::sync
