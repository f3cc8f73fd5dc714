// Tasks that await awaitables of Asio, and the other way round.

#include <tacit/io/awaitable.hpp>

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <stdexcept>
#include <string>

#include <tacit/io/async_run.hpp>
#include <tacit/sched/this_worker.hpp>

#include "tests/io/run.hpp"

namespace tacit::io {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<int> sleep_and_count(int value) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return value;
}

asio::awaitable<void> sleep_for_an_hour() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> fail() {
  co_await sleep_and_count(0);
  throw std::runtime_error("it broke");
}

TEST(as_task, gives_the_value_of_an_awaitable) {
  sched::scheduler pool(reactors(2));
  const auto body = []() -> sched::task<int> { co_return co_await as_task(sleep_and_count(7)); };
  EXPECT_EQ(run(pool, body()), 7);
}

TEST(as_task, rethrows_what_left_the_awaitable) {
  sched::scheduler pool(reactors(2));
  const auto body = []() -> sched::task<std::string> {
    try {
      co_await as_task(fail());
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "nothing was thrown";
  };
  EXPECT_EQ(run(pool, body()), "it broke");
}

TEST(as_task, runs_awaitables_that_run_others_in_parallel) {
  sched::scheduler pool(reactors(2));
  using asio::experimental::awaitable_operators::operator&&;
  const auto both = []() -> asio::awaitable<int> {
    const auto [a, b] = co_await (sleep_and_count(1) && sleep_and_count(2));
    co_return a + b;
  };
  const auto body = [](asio::awaitable<int> work) -> sched::task<int> {
    co_return co_await as_task(std::move(work));
  };
  EXPECT_EQ(run(pool, body(both())), 3);
}

TEST(as_task, passes_a_cancellation_on_and_gives_its_cause) {
  sched::scheduler pool(reactors(1));
  sched::cancel_scope scope;
  const auto body = [](sched::scheduler& on,
                       sched::cancel_scope& in) -> sched::task<base::error_code> {
    on.spawn(cancel(in, base::errc::timed_out)).detach();
    try {
      co_await as_task(sleep_for_an_hour());
    } catch (const boost::system::system_error& error) {
      co_return error.code();
    }
    co_return base::error_code();
  };
  EXPECT_EQ(run(pool, body(pool, scope), &scope), make_error_code(base::errc::timed_out));
}

TEST(as_task, runs_the_awaitable_outside_the_reactor) {
  sched::scheduler pool(reactors(2));
  // Waits for a timer of the same reactor without leaving its thread.
  const auto blocks = []() -> asio::awaitable<bool> {
    co_await sleep_and_count(0);
    std::promise<void> fired;
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        other(static_cast<asio::io_context&>(
                  asio::query(timer.get_executor(), asio::execution::context)),
              1ms);
    other.async_wait([&](base::error_code) { fired.set_value(); });
    fired.get_future().wait();
    co_return true;
  };
  const auto body = [](asio::awaitable<bool> work) -> sched::task<bool> {
    co_return co_await as_task(std::move(work));
  };
  EXPECT_TRUE(run(pool, body(blocks())));
}

sched::task<int> on_a_worker() {
  asio::steady_timer timer(reactor::of_this_worker().context(), 1ms);
  const base::error_code ec = co_await timer.async_wait(use_task);
  co_return !ec && sched::this_worker::timers() ? 42 : 0;
}

sched::task<> fail_on_a_worker() {
  co_await on_a_worker();
  throw std::runtime_error("it broke");
}

TEST(async_run, gives_an_awaitable_the_value_of_a_task) {
  sched::scheduler pool(reactors(1));
  asio::io_context elsewhere;
  const auto body = [](sched::scheduler& on) -> asio::awaitable<int> {
    const int value = co_await async_run(on, on_a_worker(), asio::use_awaitable);
    EXPECT_EQ(sched::this_worker::timers(), nullptr) << "not where the awaitable runs";
    co_return value;
  };
  auto value = asio::co_spawn(elsewhere, body(pool), asio::use_future);
  elsewhere.run();  // Has work until the task has ended.
  EXPECT_EQ(value.get(), 42);
}

TEST(async_run, gives_a_future_the_exception_of_a_task) {
  sched::scheduler pool(reactors(1));
  auto outcome = async_run(pool, fail_on_a_worker(), asio::use_future);
  EXPECT_THROW(outcome.get(), std::runtime_error);
}

TEST(async_run, calls_a_plain_handler_on_a_worker) {
  sched::scheduler pool(reactors(1));
  std::promise<bool> called;
  async_run(pool, on_a_worker(), [&](const std::exception_ptr& thrown, int value) {
    called.set_value(!thrown && value == 42 && sched::this_worker::timers());
  });
  EXPECT_TRUE(called.get_future().get());
}

TEST(async_run, takes_tasks_without_a_value_and_without_a_listener) {
  sched::scheduler pool(reactors(1));
  std::promise<void> ran;
  const auto body = [](std::promise<void>& done) -> sched::task<> {
    done.set_value();
    co_return;
  };
  async_run(pool, body(ran), asio::detached);
  ran.get_future().wait();
}

TEST(async_run, cancels_the_task_when_its_slot_is_emitted) {
  sched::scheduler pool(reactors(1));
  asio::cancellation_signal signal;
  const auto body = [](std::promise<void>& started) -> sched::task<int> {
    asio::steady_timer timer(reactor::of_this_worker().context(), 1h);
    started.set_value();
    const base::error_code ec = co_await timer.async_wait(use_task);
    co_return ec == make_error_code(base::errc::cancelled) ? 1 : 0;
  };
  std::promise<void> started;
  std::promise<int> outcome;
  async_run(pool, body(started),
            asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&, int value) {
              outcome.set_value(value);
            }));
  started.get_future().wait();
  signal.emit(asio::cancellation_type::terminal);
  EXPECT_EQ(outcome.get_future().get(), 1);
}

}  // namespace
}  // namespace tacit::io
