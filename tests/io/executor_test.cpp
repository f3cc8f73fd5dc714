#include <tacit/io/executor.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/is_executor.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <future>
#include <string>

#include <tacit/io/use_task.hpp>
#include <tacit/sched/this_worker.hpp>

#include "tests/io/run.hpp"

namespace tacit::io {
namespace {

namespace asio = boost::asio;
using local = asio::local::stream_protocol;
using executor_socket = asio::basic_stream_socket<local, executor>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor>;

static_assert(asio::execution::is_executor<executor>::value);
static_assert(std::is_convertible_v<executor, asio::any_io_executor>);
static_assert(std::is_nothrow_copy_constructible_v<executor>);

executor executor_of(sched::scheduler& on) {
  return {on, static_cast<reactor&>(on.poller_of(0))};
}

TEST(executor, runs_functions_on_workers) {
  sched::scheduler pool(reactors(2));
  std::promise<bool> on_worker;
  asio::post(executor_of(pool),
             [&] { on_worker.set_value(sched::this_worker::timers() != nullptr); });
  EXPECT_TRUE(on_worker.get_future().get());
}

TEST(executor, is_equal_where_it_runs_and_waits_in_the_same_place) {
  sched::scheduler pool(reactors(2));
  const executor first = executor_of(pool);
  EXPECT_EQ(first, executor_of(pool));
  EXPECT_NE(first, executor(pool, static_cast<reactor&>(pool.poller_of(1))));
}

// Completions of one reactor: were the first one called by the reactor, the second would never be
// taken, and the first never end.
TEST(executor, a_handler_that_blocks_does_not_keep_the_reactor) {
  sched::scheduler pool(reactors(2));
  const executor where = executor_of(pool);
  timer first(where, std::chrono::milliseconds(1));
  timer second(where, std::chrono::milliseconds(2));
  std::promise<void> came;
  std::promise<void> saw_it_come;
  first.async_wait([&](base::error_code) {
    came.get_future().wait();
    saw_it_come.set_value();
  });
  second.async_wait([&](base::error_code) { came.set_value(); });
  saw_it_come.get_future().wait();
}

TEST(executor, a_strand_over_it_runs_one_function_at_a_time) {
  sched::scheduler pool(reactors(2));
  const auto strand = asio::make_strand(executor_of(pool));
  constexpr int functions = 20'000;
  int count = 0;  // Not atomic: that is the test, under TSan and by its sum.
  std::promise<void> all_ran;
  for (int i = 0; i < functions; ++i) {
    asio::post(strand, [&] {
      if (++count == functions) all_ran.set_value();
    });
  }
  all_ran.get_future().wait();
  EXPECT_EQ(count, functions);
}

TEST(executor, composed_operations_run_on_it) {
  sched::scheduler pool(reactors(2));
  executor_socket here(executor_of(pool));
  executor_socket there(executor_of(pool));
  asio::local::connect_pair(here, there);
  const std::string text(1 << 20, 'x');
  std::string got(text.size(), ' ');
  auto written = asio::async_write(here, asio::buffer(text), asio::use_future);
  auto read = asio::async_read(there, asio::buffer(got), asio::use_future);
  EXPECT_EQ(written.get(), text.size());
  EXPECT_EQ(read.get(), text.size());
  EXPECT_EQ(got, text);
}

TEST(executor, a_task_awaits_an_operation_of_beast_on_it) {
  sched::scheduler pool(reactors(2));
  namespace http = boost::beast::http;
  const auto body = []() -> sched::task<std::string> {
    executor_socket here(executor::of_this_worker());
    executor_socket there(executor::of_this_worker());
    asio::local::connect_pair(here, there);
    const std::string_view head = "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
    co_await asio::async_write(here, asio::buffer(head), use_task);
    co_await asio::async_write(here, asio::buffer("hello", 5), use_task);
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    const auto [ec, n] = co_await http::async_read(there, buffer, request, use_task);
    EXPECT_FALSE(ec);
    EXPECT_EQ(n, head.size() + 5);
    co_return request.body();
  };
  EXPECT_EQ(run(pool, body()), "hello");
}

TEST(executor, an_operation_of_beast_on_a_strand_is_cancelled_with_its_scope) {
  sched::scheduler pool(reactors(1));
  namespace http = boost::beast::http;
  sched::cancel_scope scope;
  const auto body = [](sched::scheduler& on,
                       sched::cancel_scope& in) -> sched::task<base::error_code> {
    const auto strand = asio::make_strand(executor::of_this_worker());
    asio::basic_stream_socket<local, asio::strand<executor>> here(strand);
    asio::basic_stream_socket<local, asio::strand<executor>> there(strand);
    asio::local::connect_pair(here, there);
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    on.spawn(cancel(in, base::errc::draining)).detach();
    const auto [ec, n] = co_await http::async_read(there, buffer, request, use_task);
    co_return ec;
  };
  EXPECT_EQ(run(pool, body(pool, scope), &scope), make_error_code(base::errc::draining));
}

}  // namespace
}  // namespace tacit::io
