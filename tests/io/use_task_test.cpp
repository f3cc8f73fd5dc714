#include <tacit/io/use_task.hpp>

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include <tacit/base/error.hpp>

#include "tests/io/run.hpp"

namespace tacit::io {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

TEST(use_task, awaits_a_timer_of_asio) {
  sched::scheduler pool(with_reactors({}));
  const auto body = []() -> sched::task<bool> {
    asio::steady_timer timer(reactor::of_this_worker().context(), std::chrono::milliseconds(1));
    const base::error_code ec = co_await timer.async_wait(use_task);
    co_return !ec;
  };
  EXPECT_TRUE(run(pool, body()));
}

TEST(use_task, gives_errors_as_values) {
  sched::scheduler pool(with_reactors({}));
  const auto body = []() -> sched::task<base::error_code> {
    tcp::socket socket(reactor::of_this_worker().context());
    // Port 1 of the loopback address: nobody listens.
    co_return co_await socket.async_connect({asio::ip::address_v4::loopback(), 1}, use_task);
  };
  EXPECT_EQ(run(pool, body()), asio::error::connection_refused);
}

// A composed operation, many steps on two reactors, and several results at once.
TEST(use_task, awaits_composed_operations) {
  sched::scheduler pool(with_reactors({.workers = 2, .make_poller = {}}));
  constexpr std::size_t bytes = 1 << 20;
  struct peers {
    static sched::task<std::size_t> send(std::uint16_t port) {
      tcp::socket socket(reactor::of_this_worker().context());
      if (co_await socket.async_connect({asio::ip::address_v4::loopback(), port}, use_task))
        co_return 0;
      const std::string text(bytes, 'x');
      const auto [ec, n] = co_await asio::async_write(socket, asio::buffer(text), use_task);
      co_return ec ? 0 : n;
    }
    static sched::task<std::size_t> receive(sched::scheduler& on) {
      tcp::acceptor acceptor(reactor::of_this_worker().context(),
                             {asio::ip::address_v4::loopback(), 0});
      auto sending = on.spawn(send(acceptor.local_endpoint().port()));
      tcp::socket peer(reactor::of_this_worker().context());
      if (co_await acceptor.async_accept(peer, use_task)) co_return 0;
      std::string text(bytes, ' ');
      const auto [ec, n] = co_await asio::async_read(peer, asio::buffer(text), use_task);
      const std::size_t sent = co_await std::move(sending);
      co_return !ec && sent == n && text == std::string(bytes, 'x') ? n : 0;
    }
  };
  EXPECT_EQ(run(pool, peers::receive(pool)), bytes);
}

TEST(use_task, a_cancelled_operation_says_so) {
  sched::scheduler pool(with_reactors({}));
  const auto body = []() -> sched::task<base::error_code> {
    asio::steady_timer timer(reactor::of_this_worker().context(), std::chrono::hours(1));
    // All of it on the timer's own context, which runs one function at a time: the wait has begun
    // before it is cancelled, and the cancelling has ended before the timer goes.
    const auto wait = [&timer](auto handler) {
      asio::post(timer.get_executor(), [&timer, handler = std::move(handler)]() mutable {
        timer.async_wait(std::move(handler));
        asio::post(timer.get_executor(), [&timer] { timer.cancel(); });
      });
    };
    const base::error_code ec =
        co_await asio::async_initiate<const use_task_t&, void(base::error_code)>(wait, use_task);
    co_return ec;
  };
  EXPECT_EQ(run(pool, body()), asio::error::operation_aborted);
}

}  // namespace
}  // namespace tacit::io
