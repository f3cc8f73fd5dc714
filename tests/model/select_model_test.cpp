// The real select: against plain operations, against other selects, and against who ends it.

#include <tacit/sync/select.hpp>

#include <gtest/gtest.h>

#include <chrono>

#include "model/plain.hpp"
#include "model/workers.hpp"

namespace tacit::sync {
namespace {

using model::job;
using model::require;
using model::search;
using model::workers;
using namespace std::chrono_literals;

/// No other value: what was moved from is 0.
using message = model::plain<int>;
using messages = channel<message>;

/// What one select came to.
struct report {
  std::size_t index = selected::none;
  base::error_code error;
  int got = 0;  // By a case that receives.
  bool ended = false;

  [[nodiscard]] bool happened(std::size_t which) const { return index == which && !error; }
};

int value_of(received<message>& of) {
  return of ? of->read() : 0;
}

void conclude(report& to, const selected& how) {
  to.index = how.index();
  to.error = how.error();
  to.ended = true;
}

job receive_either(messages& first, messages& second, report& to) {
  received<message> one, other;
  const selected how = co_await select(first.on_receive(one), second.on_receive(other));
  conclude(to, how);
  require(static_cast<bool>(one) == to.happened(0), "the first case: not what is said of it");
  require(static_cast<bool>(other) == to.happened(1), "the second case: not what is said of it");
  to.got = value_of(one) + value_of(other);
}

job send_either(messages& first, messages& second, int number, report& to) {
  message one(number), other(number);
  const selected how =
      co_await select(first.on_send(std::move(one)), second.on_send(std::move(other)));
  conclude(to, how);
  // NOLINTBEGIN(bugprone-use-after-move): what was moved from is 0.
  require((one.read() == 0) == to.happened(0), "the first case: not what is said of it");
  require((other.read() == 0) == to.happened(1), "the second case: not what is said of it");
  // NOLINTEND(bugprone-use-after-move)
}

job send_or_receive(messages& out, messages& in, int number, report& to) {
  message sent(number);
  received<message> got;
  const selected how = co_await select(out.on_send(std::move(sent)), in.on_receive(got));
  conclude(to, how);
  // NOLINTNEXTLINE(bugprone-use-after-move): what was moved from is 0.
  require((sent.read() == 0) == to.happened(0), "sending: not what is said of it");
  require(static_cast<bool>(got) == to.happened(1), "receiving: not what is said of it");
  to.got = value_of(got);
}

job receive_in_time(messages& from, report& to) {
  received<message> one;
  const selected how = co_await select(from.on_receive(one), after(1h));
  conclude(to, how);
  require(static_cast<bool>(one) == to.happened(0), "receiving: not what is said of it");
  to.got = value_of(one);
}

job send_one(messages& to, int number) {
  require(!co_await to.send(message(number)), "not sent");
}

job receive_one(messages& from, int& got) {
  auto one = co_await from.receive();
  require(static_cast<bool>(one), "not received");
  got = one->read();
}

int still_held(messages& in) {
  auto one = in.try_receive();
  return value_of(one);
}

constexpr search two_jobs{.preemptions = 3, .stale_reads = 1};
constexpr search three_jobs{.preemptions = 2, .stale_reads = 1};
constexpr search with_cancelling{.preemptions = 2, .stale_reads = 1};
constexpr search with_three_ends{.preemptions = 2, .stale_reads = 0};
constexpr search crowded{.preemptions = 1, .stale_reads = 1};
constexpr search random_runs{.samples = 5'000};

class select_model : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(capacity, select_model, testing::Values(0, 1));

TEST_P(select_model, two_selects_take_one_value_each) {
  model::expect_holds(random_runs, [] {
    messages a(GetParam()), b(GetParam());
    report one, other;
    workers().run(
        {receive_either(a, b, one), receive_either(b, a, other), send_one(a, 1), send_one(b, 2)});
    require(one.got != other.got && one.got + other.got == 3, "not each value once");
  });
}

// The other value is left to others.
TEST_P(select_model, takes_one_of_two_values) {
  model::expect_holds(three_jobs, [] {
    messages a(GetParam()), b(GetParam());
    report one;
    int a_took = 0, b_took = 0;
    workers().run(
        {receive_either(a, b, one)}, [&] { a_took = !a.try_send(message(1)); },
        [&] {
          while (!one.ended && !b_took) {
            b_took = !b.try_send(message(2));
            model::give_way();
          }
        });
    const int sent = (a_took ? 1 : 0) + (b_took ? 2 : 0);
    require(one.got == 1 || one.got == 2, "nothing is received");
    require(one.got + still_held(a) + still_held(b) == sent, "not each value once");
  });
}

TEST_P(select_model, sends_one_of_two_values) {
  model::expect_holds(three_jobs, [] {
    messages a(GetParam()), b(GetParam());
    report one;
    int got = 0;
    workers().run({send_either(a, b, 1, one)}, [&] {
      while (got == 0) {
        got = still_held(a) + still_held(b);
        model::give_way();
      }
    });
    require(got == 1 && still_held(a) == 0 && still_held(b) == 0, "not one value");
  });
}

TEST_P(select_model, a_select_and_a_plain_receive_take_one_value_each) {
  model::expect_holds(crowded, [] {
    messages a(GetParam()), b(GetParam());
    report one;
    int got = 0;
    workers().run({receive_either(a, b, one), receive_one(a, got), send_one(a, 1), send_one(a, 2)});
    require(one.got != got && one.got + got == 3, "not each value once");
  });
}

// Each holds what the other one needs: one of the two transfers happens, on both sides.
TEST(select_model, two_selects_that_meet_crosswise_do_one_transfer) {
  model::expect_holds(two_jobs, [] {
    messages a, b;
    report one, other;
    workers().run({send_or_receive(a, b, 1, one), send_or_receive(b, a, 2, other)});
    const bool by_a = one.happened(0) && other.happened(1) && other.got == 1;
    const bool by_b = one.happened(1) && other.happened(0) && one.got == 2;
    require(by_a != by_b, "the two sides do not agree");
  });
}

// Between the look and the wait the locks are given back, for the scope's comes first.
TEST(select_model, two_selects_that_meet_in_a_scope_do_one_transfer) {
  model::expect_holds(with_cancelling, [] {
    messages a, b;
    sched::cancel_scope scope;
    report one, other;
    workers().run(
        {send_or_receive(a, b, 1, one).in(scope), send_or_receive(b, a, 2, other).in(scope)});
    const bool by_a = one.happened(0) && other.happened(1) && other.got == 1;
    const bool by_b = one.happened(1) && other.happened(0) && one.got == 2;
    require(by_a != by_b, "the two sides do not agree");
  });
}

TEST(select_model, two_selects_over_the_same_channels_in_another_order_agree) {
  model::expect_holds(two_jobs, [] {
    messages a, b;
    report sent, got;
    workers().run({send_either(a, b, 1, sent), receive_either(b, a, got)});
    require(got.got == 1, "nothing is received");
    require(sent.index + got.index == 1, "the two sides do not agree");
  });
}

TEST(select_model, two_selects_with_both_sides_of_one_channel_serve_each_other) {
  model::expect_holds(two_jobs, [] {
    messages a;
    report one, other;
    workers().run({send_or_receive(a, a, 1, one), send_or_receive(a, a, 2, other)});
    require(one.index + other.index == 1, "the two sides do not agree");
    require(one.got + other.got == (one.index == 0 ? 1 : 2), "not what was sent");
  });
}

// Two in the same direction and two in the other one.
TEST(select_model, four_selects_pair_up) {
  model::expect_holds(random_runs, [] {
    messages a, b;
    report sent[2], got[2];
    workers().run({send_either(a, b, 1, sent[0]), receive_either(a, b, got[0]),
                   send_either(b, a, 2, sent[1]), receive_either(b, a, got[1])});
    require(got[0].got + got[1].got == 3 && got[0].got * got[1].got == 2, "not each value once");
  });
}

TEST_P(select_model, a_cancelled_select_takes_nothing) {
  model::expect_holds(with_cancelling, [] {
    messages a(GetParam()), b(GetParam());
    sched::cancel_scope scope;
    report one;
    bool was_sent = false;
    workers().run(
        {receive_either(a, b, one).in(scope)}, [&] { scope.cancel(); },
        [&] { was_sent = !b.try_send(message(1)); });
    if (one.index == selected::none) require(one.error == base::errc::cancelled, "no cause");
    require(one.got + still_held(b) == (was_sent ? 1 : 0), "not each value once");
  });
}

// The scope ends both, or neither: a transfer has two sides.
TEST(select_model, two_selects_that_are_cancelled_while_they_meet_agree) {
  model::expect_holds(with_three_ends, [] {
    messages a, b;
    sched::cancel_scope scope;
    report one, other;
    workers().run(
        {send_or_receive(a, b, 1, one).in(scope), send_or_receive(b, a, 2, other).in(scope)},
        [&] { scope.cancel(); });
    const bool none = one.index == selected::none && other.index == selected::none;
    const bool by_a = one.happened(0) && other.happened(1) && other.got == 1;
    const bool by_b = one.happened(1) && other.happened(0) && one.got == 2;
    require(none + by_a + by_b == 1, "the two sides do not agree");
  });
}

TEST_P(select_model, closing_ends_it_unless_a_value_comes_first) {
  model::expect_holds(three_jobs, [] {
    messages a(GetParam()), b(GetParam());
    report one;
    bool was_sent = false;
    workers().run(
        {receive_either(a, b, one)}, [&] { a.close(); },
        [&] { was_sent = !b.try_send(message(1)); });
    if (one.index == 0) require(one.error == base::errc::closed, "no reason");
    require(one.got + still_held(b) == (was_sent ? 1 : 0), "not each value once");
  });
}

TEST(select_model, one_that_closes_all_its_channels_ends_once) {
  model::expect_holds(two_jobs, [] {
    messages a, b;
    report one;
    workers().run(
        {receive_either(a, b, one)}, [&] { a.close(); }, [&] { b.close(); });
    require(one.error == base::errc::closed && one.index <= 1, "no end");
  });
}

TEST_P(select_model, a_time_limit_and_a_value_do_not_both_happen) {
  model::expect_holds(three_jobs, [] {
    messages a(GetParam());
    report one;
    bool was_sent = false;
    workers all;
    all.run(
        {receive_in_time(a, one)}, [&] { was_sent = !a.try_send(message(1)); },
        [&] {
          while (!one.ended) {
            all.timers().expire(std::chrono::steady_clock::now() + 2h);
            model::give_way();
          }
        });
    require(!one.error && one.index <= 1, "no end");
    require(one.got + still_held(a) == (was_sent ? 1 : 0), "not each value once");
  });
}

TEST(select_model, a_scheduler_that_stops_ends_a_wait_with_a_time_limit) {
  model::expect_holds(with_three_ends, [] {
    messages a;
    sched::cancel_scope scope;
    report one;
    bool was_sent = false;
    workers all;
    all.run(
        {receive_in_time(a, one).in(scope)}, [&] { was_sent = !a.try_send(message(1)); },
        [&] { all.timers().close(); }, [&] { scope.cancel(base::errc::timed_out); });
    require(was_sent == one.happened(0), "not each value once");
    if (!was_sent) require(one.index == selected::none && one.error, "no end");
  });
}

// Planted mistakes, which have to be found: the cases of a select for types that only this test
// sends. They change what the select has prepared when it has them look.

template <int Which>
struct planted : message {
  using message::message;
};
/// Stands in its queues as plain operations do: whoever serves it claims nothing.
using unclaimed = planted<0>;
/// Gives the lock back between the look and the wait.
using looks_too_early = planted<1>;
/// A real select; who sends claims it under one hold of the lock and moves the value under another.
using moved_too_late = planted<2>;

// They stay until `end`, so that who serves them too late or twice finds them alive.
template <class T>
job receive_either(channel<T>& first, channel<T>& second, messages& end, int& count) {
  received<T> one, other;
  co_await select(first.on_receive(one), second.on_receive(other));
  count = (one ? 1 : 0) + (other ? 1 : 0);
  co_await end.receive();
}
template <class T>
job receive_from(channel<T>& from, messages& end, bool& got) {
  received<T> one;
  co_await select(from.on_receive(one));
  got = static_cast<bool>(one);
  co_await end.receive();
}
template <class T>
job send_and_end(channel<T>& to, messages& end) {
  require(!co_await to.send(T(1)), "not sent");
  end.close();
}

}  // namespace

template <int Which>
class receive_case<planted<Which>> final : public select_case {
  using value = planted<Which>;

 public:
  receive_case(channel<value>& from, received<value>* into) noexcept
      : select_case(from, from.receivers_), from_(from), into_(into) {
    link_.value = &into_->value_;
  }

 private:
  detail::outcome attempt(sched::runnable*& wake) noexcept override {
    const detail::outcome how = from_.take(into_->value_, wake);
    if (how != detail::outcome::pending) return how;
    if constexpr (std::is_same_v<value, unclaimed>) link_.claim = nullptr;
    if constexpr (std::is_same_v<value, looks_too_early>) {
      at_->unlock();
      at_->lock();
    }
    return how;
  }

  channel<value>& from_;
  received<value>* into_;
};

template <>
detail::outcome channel<moved_too_late>::put(moved_too_late& value,
                                             sched::runnable*& wake) noexcept {
  detail::channel_waiter* const receiver = receivers_.claim_first(wake);
  if (!receiver) return detail::outcome::pending;
  unlock();
  lock();
  static_cast<std::optional<moved_too_late>*>(receiver->value)->emplace(std::move(value));
  receiver->result = detail::outcome::done;
  return detail::outcome::done;
}

namespace {

template <class T>
void serve_one_select_by_two() {
  channel<T> a(1), b(1);
  messages end;
  int count = 0, sent = 0;
  const auto send = [&](channel<T>& to) {
    require(!to.try_send(T(1)), "there is room");
    if (++sent == 2) end.close();
  };
  workers().run(
      {receive_either(a, b, end, count)}, [&] { send(a); }, [&] { send(b); });
  require(count == 1, "two cases happened");
}

TEST(select_canary, finds_a_select_that_two_can_serve) {
  model::expect_found(three_jobs, "a job is made ready twice", serve_one_select_by_two<unclaimed>);
  model::expect_holds(three_jobs, serve_one_select_by_two<message>);
}

template <class T>
void serve_one_select(std::size_t capacity) {
  channel<T> a(capacity);
  messages end;
  sched::cancel_scope scope;
  bool got = false;
  workers().run({receive_from(a, end, got).in(scope), send_and_end(a, end)});
  require(got, "nothing is received");
}

TEST(select_canary, finds_a_select_that_looks_before_it_stands_in_line) {
  model::expect_found(two_jobs, "deadlock", [] { serve_one_select<looks_too_early>(1); });
  model::expect_holds(two_jobs, [] { serve_one_select<message>(1); });
}

// Only a select that is `starting` can see it: one that waits is made ready after the value.
TEST(select_canary, finds_a_value_that_comes_after_its_claim) {
  model::expect_found(two_jobs, "nothing is received", [] { serve_one_select<moved_too_late>(0); });
  model::expect_holds(two_jobs, [] { serve_one_select<message>(0); });
}

}  // namespace
}  // namespace tacit::sync
