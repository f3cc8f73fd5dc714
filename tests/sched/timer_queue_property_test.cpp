#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>

#include <tacit/sched/timer_queue.hpp>

namespace tacit::sched {
namespace {

base::steady_time ms_at(int ms) {
  return base::steady_time(std::chrono::milliseconds(ms));
}

struct modelled final : timer {
  std::optional<int> due;  // The model: unset once it has fired or was cancelled.
  int fired_at = -1;
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override {
    fired_at = static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
    return std::nullopt;
  }
};

// Random set, move, cancel and expire against a model that is a plain list.
TEST(timer_queue_property, agrees_with_a_list) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  timer_queue queue;
  std::deque<modelled> timers(60);
  int now = 0;
  for (int step = 0; step < 20'000; ++step) {
    modelled& one = timers[random() % timers.size()];
    switch (random() % 4) {
      case 0:
      case 1: {
        const int due = now + static_cast<int>(random() % 100);
        queue.set(one, ms_at(due));
        one.due = due;
        break;
      }
      case 2:
        ASSERT_EQ(queue.cancel(one), one.due.has_value());
        one.due.reset();
        break;
      default: {
        now += static_cast<int>(random() % 20);
        std::size_t expected = 0;
        for (auto& each : timers) {
          if (each.due && *each.due <= now) ++expected;
        }
        ASSERT_EQ(queue.expire(ms_at(now)), expected);
        for (auto& each : timers) {
          if (!each.due || *each.due > now) continue;
          ASSERT_EQ(each.fired_at, now);
          each.due.reset();
        }
      }
    }
    std::optional<base::steady_time> earliest;
    for (const auto& each : timers) {
      if (each.due && (!earliest || ms_at(*each.due) < *earliest)) earliest = ms_at(*each.due);
    }
    ASSERT_EQ(queue.earliest(), earliest);
  }
  for (auto& each : timers)
    queue.cancel(each);
}

}  // namespace
}  // namespace tacit::sched
