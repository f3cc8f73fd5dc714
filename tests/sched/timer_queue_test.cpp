#include <tacit/sched/timer_queue.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace tacit::sched {
namespace {

using std::chrono::milliseconds;

base::steady_time at(int ms) {
  return base::steady_time(milliseconds(ms));
}

struct noting final : timer {
  noting(int id_, std::vector<int>& into, calls how = calls::locked)
      : timer(how), id(id_), fired(into) {}
  int id;
  std::vector<int>& fired;
  std::optional<base::steady_time> again;
  std::optional<base::steady_time> on_expired(base::steady_time) noexcept override {
    fired.push_back(id);
    return std::exchange(again, std::nullopt);
  }
};

TEST(timer_queue, calls_what_is_due_in_order_of_time) {
  timer_queue queue;
  std::vector<int> fired;
  noting late(3, fired), early(1, fired), middle(2, fired);
  queue.set(late, at(30));
  queue.set(early, at(10));
  queue.set(middle, at(20));
  EXPECT_EQ(queue.earliest(), at(10));
  EXPECT_EQ(queue.expire(at(20)), 2U);
  EXPECT_EQ(fired, (std::vector{1, 2}));
  EXPECT_EQ(queue.earliest(), at(30));
  EXPECT_TRUE(queue.cancel(late));
  EXPECT_EQ(queue.earliest(), std::nullopt);
}

TEST(timer_queue, a_cancelled_timer_is_not_called) {
  timer_queue queue;
  std::vector<int> fired;
  noting one(1, fired), other(2, fired);
  queue.set(one, at(10));
  queue.set(other, at(10));
  EXPECT_TRUE(queue.cancel(one));
  EXPECT_FALSE(queue.cancel(one));
  queue.expire(at(10));
  EXPECT_EQ(fired, std::vector{2});
  EXPECT_FALSE(queue.cancel(other));
}

TEST(timer_queue, setting_again_moves_a_timer) {
  timer_queue queue;
  std::vector<int> fired;
  noting one(1, fired), other(2, fired);
  queue.set(one, at(10));
  queue.set(other, at(20));
  queue.set(one, at(30));
  EXPECT_EQ(queue.expire(at(25)), 1U);
  EXPECT_EQ(fired, std::vector{2});
  queue.set(one, at(26));
  EXPECT_EQ(queue.expire(at(26)), 1U);
}

TEST(timer_queue, a_timer_may_ask_to_be_called_again) {
  timer_queue queue;
  std::vector<int> fired;
  noting one(1, fired);
  queue.set(one, at(10));
  one.again = at(50);
  queue.expire(at(10));
  EXPECT_EQ(queue.earliest(), at(50));
  queue.expire(at(50));
  EXPECT_EQ(fired, (std::vector{1, 1}));
}

TEST(timer_queue, so_may_one_that_is_called_without_the_lock) {
  timer_queue queue;
  std::vector<int> fired;
  noting timer(1, fired, timer::calls::unlocked);
  timer.again = at(20);
  queue.set(timer, at(10));
  EXPECT_EQ(queue.expire(at(10)), 1U);
  EXPECT_EQ(queue.earliest(), at(20));
  EXPECT_EQ(queue.expire(at(20)), 1U);
  EXPECT_EQ(queue.earliest(), std::nullopt);
  EXPECT_EQ(fired, (std::vector{1, 1}));
}

struct closing final : timer {
  explicit closing(timer_queue& which) : timer(calls::unlocked), queue(which) {}
  timer_queue& queue;
  std::vector<base::steady_time> called;
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override {
    called.push_back(now);
    if (called.size() == 1) queue.close();
    return at(20);
  }
};

TEST(timer_queue, one_that_is_being_called_when_the_queue_closes_is_told) {
  timer_queue queue;
  closing timer(queue);
  queue.set(timer, at(10));
  queue.expire(at(10));
  EXPECT_EQ(timer.called, (std::vector{at(10), base::steady_time::max()}));
  EXPECT_FALSE(queue.cancel(timer));
}

TEST(timer_queue, closing_calls_everything_once_and_takes_no_more) {
  timer_queue queue;
  std::vector<int> fired;
  noting one(1, fired), other(2, fired);
  queue.set(one, at(10));
  queue.close();
  EXPECT_EQ(fired, std::vector{1});
  EXPECT_FALSE(queue.set(other, at(10)));
  EXPECT_EQ(queue.expire(at(100)), 0U);
}

struct counting_poller final : poller {
  int interrupts = 0;
  std::size_t poll() override { return 0; }
  std::size_t wait(std::optional<base::steady_time>) override { return 0; }
  void interrupt() noexcept override { ++interrupts; }
};

TEST(timer_queue, interrupts_its_owner_only_for_an_earlier_timer_from_elsewhere) {
  counting_poller waiting;
  struct stranger final : agent {
    void make_ready(runnable&) noexcept override {}
  } owner;
  timer_queue queue(&owner);
  queue.interrupts(waiting);
  std::vector<int> fired;
  noting first(1, fired), later(2, fired), earlier(3, fired);
  queue.set(first, at(10));
  EXPECT_EQ(waiting.interrupts, 1);
  queue.set(later, at(20));
  EXPECT_EQ(waiting.interrupts, 1);
  queue.set(earlier, at(5));
  EXPECT_EQ(waiting.interrupts, 2);
}

}  // namespace
}  // namespace tacit::sched
