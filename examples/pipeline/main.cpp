// Counts primes: one coroutine hands out ranges, a few search them, the main one adds up what comes
// in until all is done or the time is over.

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/task_group.hpp>
#include <tacit/sync/channel.hpp>
#include <tacit/sync/select.hpp>

using namespace tacit;
using namespace std::chrono_literals;

constexpr long range = 1'000;

sched::task<> hand_out(sync::channel<long>& ranges, long last) {
  for (long first = 2; first <= last; first += range) {
    if (co_await ranges.send(first)) break;  // Cancelled.
  }
  ranges.close();
}

long primes_in(long first, long last) {
  long found = 0;
  for (long n = first; n <= last; ++n) {
    bool is_prime = true;
    for (long d = 2; d * d <= n && is_prime; ++d)
      is_prime = n % d != 0;
    if (is_prime) ++found;
  }
  return found;
}

sched::task<> search(sync::channel<long>& ranges, sync::channel<long>& found, long last) {
  while (auto first = co_await ranges.receive()) {
    if (co_await found.send(primes_in(*first, std::min(*first + range - 1, last)))) break;
  }
}

sched::task<long> count_primes(long last, std::chrono::milliseconds limit) {
  sync::channel<long> ranges(16);
  sync::channel<long> found;
  long sum = 0;
  sched::task_group workers;
  co_await workers.run([&](sched::task_group& group) -> sched::task<> {
    co_await group.spawn(hand_out(ranges, last));
    for (int i = 0; i < 4; ++i)
      co_await group.spawn(search(ranges, found, last));
    for (long left = (last - 2) / range + 1; left > 0; --left) {
      sync::received<long> count;
      if (co_await sync::select(found.on_receive(count), sync::after(limit)) == 1) {
        std::puts("too slow");
        group.cancel();
        co_return;
      }
      sum += *count;
    }
  });
  co_return sum;
}

int main() {
  sched::scheduler runtime;  // A worker per CPU that the process may use.
  auto counting = runtime.spawn(count_primes(200'000, 10s));
  const long primes = sched::block_on([](auto handle) -> sched::task<long> {
    co_return co_await std::move(handle);
  }(std::move(counting)));
  std::printf("%ld primes\n", primes);
  return primes == 17'984 ? 0 : 1;
}
