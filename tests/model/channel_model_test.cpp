// The real channel, between jobs that wait and threads that do not. What it carries is a plain
// variable, so a value that is handed over without order is found as a race, and one that is
// handed over twice as a value that is not there.

#include <tacit/sync/channel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "model/plain.hpp"
#include "model/workers.hpp"

namespace tacit::sync {
namespace {

using model::job;
using model::require;
using model::search;
using model::workers;

/// No other value: what was moved from is 0.
using message = model::plain<int>;
using messages = channel<message>;

/// What one end of a channel has seen.
struct account {
  std::vector<int> values;
  base::error_code error;
};

job send_all(messages& to, std::vector<int> values, account& sent) {
  for (const int each : values) {
    message value(each);
    sent.error = co_await to.send(std::move(value));
    // NOLINTNEXTLINE(bugprone-use-after-move): what was moved from is 0.
    require(value.read() == (sent.error ? each : 0), "moved from what was not sent");
    if (sent.error) co_return;
    sent.values.push_back(each);
  }
}

job receive_some(messages& from, int count, account& seen) {
  for (int i = 0; i < count; ++i) {
    auto got = co_await from.receive();
    seen.error = got.error();
    if (!got) co_return;
    seen.values.push_back(got->read());
  }
}

job send_one_and_close(messages& to, int value, account& sent) {
  sent.error = co_await to.send(message(value));
  if (!sent.error) sent.values.push_back(value);
  to.close();
}

/// What is still held.
void drain(messages& from, account& seen) {
  while (auto got = from.try_receive())
    seen.values.push_back(got->read());
}

/// Every value was received once, those of one sender in their order.
void check(std::initializer_list<const account*> sent, std::initializer_list<const account*> seen) {
  std::vector<int> left;
  for (const account* each : seen)
    left.insert(left.end(), each->values.begin(), each->values.end());
  for (const account* sender : sent) {
    for (const int value : sender->values) {
      require(std::erase(left, value) == 1, "a value is not received once");
    }
    for (const account* receiver : seen) {
      std::vector<int> theirs;
      for (const int value : receiver->values) {
        if (std::find(sender->values.begin(), sender->values.end(), value) != sender->values.end())
          theirs.push_back(value);
      }
      require(std::is_sorted(theirs.begin(), theirs.end()), "values change places");
    }
  }
  require(left.empty(), "something is received that was not sent");
}

constexpr search two_threads{.preemptions = 4, .stale_reads = 2};
constexpr search three_threads{.preemptions = 3, .stale_reads = 1};
constexpr search with_cancelling{.preemptions = 3, .stale_reads = 1};
constexpr search crowded{.preemptions = 1, .stale_reads = 1};
constexpr search random_runs{.samples = 4'000};

class channel_model : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(capacity, channel_model, testing::Values(0, 1, 2));

TEST_P(channel_model, what_one_sends_another_receives_in_order) {
  model::expect_holds(two_threads, [] {
    messages numbers(GetParam());
    account sent, seen;
    workers().run({send_all(numbers, {1, 2}, sent), receive_some(numbers, 2, seen)});
    check({&sent}, {&seen});
  });
}

TEST_P(channel_model, two_senders_and_one_receiver_miss_nobody) {
  model::expect_holds(three_threads, [] {
    messages numbers(GetParam());
    account first, second, seen;
    workers().run({send_all(numbers, {1}, first), send_all(numbers, {2}, second),
                   receive_some(numbers, 2, seen)});
    check({&first, &second}, {&seen});
  });
}

TEST_P(channel_model, one_sender_and_two_receivers_miss_nobody) {
  model::expect_holds(three_threads, [] {
    messages numbers(GetParam());
    account sent, first, second;
    workers().run({send_all(numbers, {1, 2}, sent), receive_some(numbers, 1, first),
                   receive_some(numbers, 1, second)});
    check({&sent}, {&first, &second});
  });
}

// Between the look and the wait the lock is given back, for the scope's comes first.
TEST_P(channel_model, in_a_scope_nobody_is_missed_either) {
  model::expect_holds(with_cancelling, [] {
    messages numbers(GetParam());
    sched::cancel_scope scope;
    account sent, seen;
    workers().run(
        {send_all(numbers, {1, 2}, sent).in(scope), receive_some(numbers, 2, seen).in(scope)});
    check({&sent}, {&seen});
  });
}

TEST_P(channel_model, many_values_at_random) {
  model::expect_holds(random_runs, [] {
    messages numbers(GetParam());
    account sent[2], seen[2];
    workers().run({send_all(numbers, {1, 2, 3}, sent[0]), send_all(numbers, {4, 5, 6}, sent[1]),
                   receive_some(numbers, 2, seen[0]), receive_some(numbers, 4, seen[1])});
    check({&sent[0], &sent[1]}, {&seen[0], &seen[1]});
  });
}

TEST_P(channel_model, those_who_do_not_wait_serve_those_who_do) {
  model::expect_holds(three_threads, [] {
    messages in(GetParam()), out(GetParam());
    account sent, seen, sent_by_thread, seen_by_thread;
    workers().run({send_all(out, {1}, sent), receive_some(in, 1, seen)}, [&] {
      while (in.try_send(message(2)))
        model::give_way();
      sent_by_thread.values.push_back(2);
      while (seen_by_thread.values.empty()) {
        drain(out, seen_by_thread);
        model::give_way();
      }
    });
    check({&sent}, {&seen_by_thread});
    check({&sent_by_thread}, {&seen});
  });
}

// A sender is told whether its value was taken; what was taken is received before the end.
TEST_P(channel_model, a_closed_channel_gives_what_it_took_and_then_ends) {
  model::expect_holds(three_threads, [] {
    messages numbers(GetParam());
    account sent, seen;
    workers().run({send_all(numbers, {1, 2}, sent), receive_some(numbers, 3, seen)},
                  [&] { require(numbers.close(), "closed before"); });
    require(!sent.error || sent.error == base::errc::closed, "another error");
    require(seen.error == base::errc::closed, "no end");
    check({&sent}, {&seen});
  });
}

TEST_P(channel_model, closing_ends_the_wait_of_everybody) {
  model::expect_holds(three_threads, [] {
    messages numbers(GetParam());
    account first, second;
    workers().run({receive_some(numbers, 1, first), receive_some(numbers, 1, second)},
                  [&] { numbers.close(); });
    require(first.error == base::errc::closed && second.error == base::errc::closed, "no end");
  });
}

// Either the value is received, or it is still there for others.
TEST_P(channel_model, a_cancelled_receive_takes_nothing) {
  model::expect_holds(with_cancelling, [] {
    messages numbers(GetParam());
    sched::cancel_scope scope;
    account sent, seen;
    workers().run(
        {receive_some(numbers, 1, seen).in(scope)}, [&] { scope.cancel(); },
        [&] {
          if (!numbers.try_send(message(1))) sent.values.push_back(1);
        });
    require(seen.values.empty() == (seen.error == base::errc::cancelled), "both or neither");
    drain(numbers, seen);
    check({&sent}, {&seen});
  });
}

// Either the value is received, or its sender still has it (send_all looks).
TEST_P(channel_model, a_cancelled_send_sends_nothing) {
  model::expect_holds(with_cancelling, [] {
    messages numbers(GetParam());
    sched::cancel_scope scope;
    account sent, seen;
    workers().run(
        {send_all(numbers, {1, 2}, sent).in(scope)}, [&] { scope.cancel(); },
        [&] { drain(numbers, seen); });
    drain(numbers, seen);
    check({&sent}, {&seen});
  });
}

TEST_P(channel_model, who_waits_behind_a_cancelled_one_is_served) {
  model::expect_holds(crowded, [] {
    messages numbers(GetParam());
    sched::cancel_scope scope;
    account sent, seen, cancelled;
    workers().run({receive_some(numbers, 1, cancelled).in(scope), receive_some(numbers, 1, seen),
                   send_one_and_close(numbers, 1, sent)},
                  [&] { scope.cancel(); });
    require(!sent.error, "not sent");
    check({&sent}, {&seen, &cancelled});
  });
}

TEST_P(channel_model, cancelling_and_closing_meet) {
  model::expect_holds(with_cancelling, [] {
    messages numbers(GetParam());
    sched::cancel_scope scope;
    account seen;
    workers().run(
        {receive_some(numbers, 1, seen).in(scope)}, [&] { scope.cancel(); },
        [&] { numbers.close(); });
    require(seen.error == base::errc::cancelled || seen.error == base::errc::closed, "no end");
  });
}

// Planted mistakes, which have to be found: one member of the real channel is written anew for a
// type that only this test sends.

template <int Which>
struct planted : message {
  using message::message;
};
/// The lock is given back between the look for who waits and the publication of the value.
using looked_too_early = planted<0>;
/// Who waits is made ready before its value is there.
using woken_too_early = planted<1>;
/// A cancellation before the wait is not looked for under the lock.
using cancelled_unseen = planted<2>;
/// A closed channel ends before what it holds was received.
using ended_too_early = planted<3>;

template <class T>
job send_once(channel<T>& to) {
  static_cast<void>(co_await to.send(T(1)));
}
template <class T>
job receive_once(channel<T>& from, bool& got) {
  auto one = co_await from.receive();
  got = one && one->read() == 1;
}

}  // namespace

template <>
detail::outcome channel<looked_too_early>::put(looked_too_early& value,
                                               sched::runnable*& wake) noexcept {
  if (detail::channel_waiter* const receiver = receivers_.claim_first(wake)) {
    static_cast<std::optional<looked_too_early>*>(receiver->value)->emplace(std::move(value));
    receiver->result = detail::outcome::done;
    return detail::outcome::done;
  }
  unlock();
  lock();
  std::construct_at(&slots_[tail_], std::move(value));
  tail_ = after(tail_);
  ++count_;
  return detail::outcome::done;
}

template <>
detail::outcome channel<woken_too_early>::put(woken_too_early& value,
                                              sched::runnable*& wake) noexcept {
  detail::channel_waiter* const receiver = receivers_.claim_first(wake);
  if (!receiver) return detail::outcome::pending;
  receiver->result = detail::outcome::done;
  std::exchange(wake, nullptr)->make_ready();
  static_cast<std::optional<woken_too_early>*>(receiver->value)->emplace(std::move(value));
  return detail::outcome::done;
}

template <>
bool detail::channel_operation<detail::receive_operation<cancelled_unseen>>::suspend_in(
    sched::cancel_scope& scope) noexcept {
  at_.unlock();
  if (!wait_.enter(scope)) return wait_.carry_on();
  at_.lock();
  wait_.enqueue();
  at_.unlock();
  return true;
}

template <>
detail::outcome channel<ended_too_early>::take(std::optional<ended_too_early>& into,
                                               sched::runnable*& wake) noexcept {
  if (closed_) return detail::outcome::closed;
  if (count_ == 0) return detail::outcome::pending;
  into.emplace(std::move(slots_[head_]));
  std::destroy_at(&slots_[head_]);
  head_ = after(head_);
  --count_;
  wake = nullptr;
  return detail::outcome::done;
}

namespace {

TEST(channel_canary, finds_a_look_for_who_waits_before_the_value_is_there) {
  model::expect_found(two_threads, "deadlock", [] {
    channel<looked_too_early> numbers(1);
    bool got = false;
    workers().run({send_once(numbers), receive_once(numbers, got)});
  });
}

TEST(channel_canary, finds_a_wake_up_before_the_value_is_there) {
  model::expect_found(three_threads, "race", [] {
    channel<woken_too_early> numbers;
    bool got = false;
    workers().run({receive_once(numbers, got)}, [&] {
      while (numbers.try_send(woken_too_early(1)))
        model::give_way();
    });
    require(got, "nothing is received");
  });
}

TEST(channel_canary, finds_a_cancellation_that_is_overlooked) {
  model::expect_found(two_threads, "deadlock", [] {
    channel<cancelled_unseen> numbers;
    sched::cancel_scope scope;
    bool got = false;
    workers().run({receive_once(numbers, got).in(scope)}, [&] { scope.cancel(); });
  });
}

TEST(channel_canary, finds_a_value_that_is_lost_when_the_channel_is_closed) {
  model::expect_found(two_threads, "nothing is received", [] {
    channel<ended_too_early> numbers(1);
    bool got = false;
    require(!numbers.try_send(ended_too_early(1)), "there is room");
    workers().run({receive_once(numbers, got)}, [&] { numbers.close(); });
    require(got, "nothing is received");
  });
}

}  // namespace
}  // namespace tacit::sync
