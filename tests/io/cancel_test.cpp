// What a cancel scope does to operations of Asio and to streams.

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <random>
#include <string>
#include <thread>

#include <tacit/io/use_task.hpp>
#include <tacit/memory/accounting.hpp>
#include <tacit/sched/yield.hpp>

#include "io/tcp_stream.hpp"
#include "tests/io/connected_pair.hpp"
#include "tests/io/run.hpp"

namespace tacit::io {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using local_socket = asio::local::stream_protocol::socket;

const base::error_code draining = base::errc::draining;

sched::task<base::error_code> wait_an_hour(asio::any_io_executor on) {
  asio::steady_timer timer(on, 1h);
  co_return co_await timer.async_wait(use_task);
}

sched::task<base::error_code> wait_and_be_cancelled(sched::scheduler& on,
                                                    sched::cancel_scope& scope) {
  on.spawn(cancel(scope, draining)).detach();
  co_return co_await wait_an_hour(reactor::of_this_worker().context().get_executor());
}

TEST(cancelled_operation, ends_with_the_cause_of_the_scope) {
  sched::scheduler pool(reactors(1));
  sched::cancel_scope scope;
  EXPECT_EQ(run(pool, wait_and_be_cancelled(pool, scope), &scope), draining);
}

TEST(cancelled_operation, is_ended_by_a_scope_around_its_own) {
  sched::scheduler pool(reactors(1));
  sched::cancel_scope outer;
  const auto body = [](sched::scheduler& on,
                       sched::cancel_scope& around) -> sched::task<base::error_code> {
    sched::cancel_scope inner(&around);
    co_return co_await inner.run(wait_and_be_cancelled(on, around));
  };
  EXPECT_EQ(run(pool, body(pool, outer), &outer), draining);
}

TEST(cancelled_operation, ends_at_the_deadline_of_its_scope) {
  sched::scheduler pool(reactors(1));
  const auto body = []() -> sched::task<base::error_code> {
    sched::deadline_scope soon(std::chrono::steady_clock::now() + 2ms);
    co_return co_await soon.run(wait_an_hour(reactor::of_this_worker().context().get_executor()));
  };
  EXPECT_EQ(run(pool, body()), make_error_code(base::errc::timed_out));
}

TEST(cancelled_operation, ends_also_on_a_strand) {
  sched::scheduler pool(reactors(1));
  sched::cancel_scope scope;
  const auto body = [](sched::scheduler& on,
                       sched::cancel_scope& in) -> sched::task<base::error_code> {
    on.spawn(cancel(in, draining)).detach();
    co_return co_await wait_an_hour(asio::make_strand(executor::of_this_worker()));
  };
  EXPECT_EQ(run(pool, body(pool, scope), &scope), draining);
}

TEST(cancelled_operation, does_not_start_in_a_scope_that_is_cancelled) {
  sched::scheduler pool(reactors(1));
  sched::cancel_scope scope;
  scope.cancel(draining);
  const auto body = [](sched::cancel_scope& in) -> sched::task<std::string> {
    auto& context = reactor::of_this_worker().context();
    local_socket here(context);
    local_socket there(context);
    asio::local::connect_pair(here, there);
    const auto write = [](local_socket& to) -> sched::task<base::error_code> {
      const auto [ec, n] = co_await asio::async_write(to, asio::buffer("x", 1), use_task);
      EXPECT_EQ(n, 0U);
      co_return ec;
    };
    EXPECT_EQ(co_await in.run(write(here)), draining);
    here.close();
    std::string got;
    co_await asio::async_read(there, asio::dynamic_buffer(got), use_task);
    co_return got;
  };
  EXPECT_EQ(run(pool, body(scope)), "");
}

TEST(cancelled_operation, tells_what_a_composed_one_had_done) {
  sched::scheduler pool(reactors(1));
  sched::cancel_scope scope;
  const auto body = [](sched::scheduler& on, sched::cancel_scope& in) -> sched::task<std::string> {
    auto& context = reactor::of_this_worker().context();
    local_socket here(context);
    local_socket there(context);
    asio::local::connect_pair(here, there);
    const auto cancel_when_read = [](local_socket& from,
                                     sched::cancel_scope& what) -> sched::task<> {
      while (from.available() != 0)
        co_await sched::yield();
      what.cancel(draining);
    };
    asio::write(there, asio::buffer("abc", 3));
    on.spawn(cancel_when_read(here, in)).detach();
    const auto read = [](local_socket& from) -> sched::task<std::string> {
      std::string text(8, ' ');
      const auto [ec, n] = co_await asio::async_read(from, asio::buffer(text), use_task);
      EXPECT_EQ(ec, draining);
      co_return text.substr(0, n);
    };
    co_return co_await in.run(read(here));
  };
  EXPECT_EQ(run(pool, body(pool, scope)), "abc");
}

TEST(cancelled_operation, that_cannot_be_ended_gives_its_result) {
  sched::scheduler pool(reactors(1));
  sched::cancel_scope scope;
  scope.cancel();
  const auto body = []() -> sched::task<bool> {
    co_await asio::post(reactor::of_this_worker().context(), use_task);
    co_return true;
  };
  EXPECT_TRUE(run(pool, body(), &scope));
}

void spin(unsigned pauses) {
  for (unsigned i = 0; i < pauses; ++i)
    base::pause();
}

// Bytes that arrive while a read is cancelled are given by it or by the next one, in order.
template <class ReadOne>
sched::task<int> read_in_order(sched::scheduler& on, int peer, int rounds, ReadOne read_one) {
  struct other {
    static sched::task<> cancels(sched::cancel_scope& scope, unsigned pauses) {
      spin(pauses);
      scope.cancel(draining);
      co_return;
    }
    static sched::task<> sends(int fd, unsigned char byte, unsigned pauses) {
      spin(pauses);
      EXPECT_EQ(::send(fd, &byte, 1, 0), 1);
      co_return;
    }
  };
  const auto seed = std::random_device{}();
  // Not SCOPED_TRACE: that belongs to a thread, and the coroutine changes threads.
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  int cancelled = 0;
  for (int i = 0; i < rounds; ++i) {
    sched::cancel_scope scope;
    const auto byte = static_cast<unsigned char>(i);
    const bool cancel_first = random() % 2 == 0;
    sched::join_handle<> cancelling;
    if (cancel_first) cancelling = on.spawn(other::cancels(scope, random() % 2000));
    auto sending = on.spawn(other::sends(peer, byte, random() % 500));
    if (!cancel_first) cancelling = on.spawn(other::cancels(scope, random() % 500));
    spin(random() % 1000);
    unsigned char got = 0;
    transfer read = co_await scope.run(read_one(got));
    co_await std::move(cancelling);
    co_await std::move(sending);
    if (read.error) {
      EXPECT_EQ(read.error, draining);
      EXPECT_EQ(read.bytes, 0U);
      ++cancelled;
      read = co_await read_one(got);
    }
    EXPECT_FALSE(read.error);
    EXPECT_EQ(read.bytes, 1U);
    EXPECT_EQ(got, byte);
  }
  co_return cancelled;
}

constexpr int race_rounds = 2000;

TEST(cancelled_operation, loses_no_byte_that_arrives_meanwhile) {
  sched::scheduler pool(reactors(2));
  connected_pair pair = connect_pair();
  const auto body = [](sched::scheduler& on, unique_fd fd, int peer) -> sched::task<int> {
    asio::ip::tcp::socket socket(reactor::of_this_worker().context(), asio::ip::tcp::v4(),
                                 fd.release());
    struct from {
      asio::ip::tcp::socket* socket;
      static sched::task<transfer> read(asio::ip::tcp::socket* of, unsigned char& into) {
        const auto [ec, n] = co_await of->async_read_some(asio::buffer(&into, 1), use_task);
        co_return transfer{ec, n};
      }
      auto operator()(unsigned char& into) const { return read(socket, into); }
    };
    co_return co_await read_in_order(on, peer, race_rounds, from{&socket});
  };
  const int cancelled = run(pool, body(pool, std::move(pair.ours), pair.theirs.get()));
  std::cout << cancelled << " of " << race_rounds << " reads were cancelled\n";
}

TEST(cancelled_read, of_a_stream_loses_no_byte_that_arrives_meanwhile) {
  sched::scheduler pool(reactors(2));
  connected_pair pair = connect_pair();
  const auto body = [](sched::scheduler& on, unique_fd fd, int peer) -> sched::task<int> {
    tcp_stream stream(std::move(fd), reactor::of_this_worker());
    struct from {
      tcp_stream* stream;
      static sched::task<transfer> read(tcp_stream* of, unsigned char& into) {
        char byte = 0;
        const transfer done = co_await of->read({&byte, 1}, 1h);
        into = static_cast<unsigned char>(byte);
        co_return done;
      }
      auto operator()(unsigned char& into) const { return read(stream, into); }
    };
    co_return co_await read_in_order(on, peer, race_rounds, from{&stream});
  };
  const int cancelled = run(pool, body(pool, std::move(pair.ours), pair.theirs.get()));
  std::cout << cancelled << " of " << race_rounds << " reads were cancelled\n";
}

TEST(cancelled_read, of_a_stream_that_waits_ends_and_leaves_the_stream_usable) {
  sched::scheduler pool(reactors(1));
  connected_pair pair = connect_pair();
  const auto body = [](sched::scheduler& on, connected_pair& ends) -> sched::task<char> {
    tcp_stream stream(std::move(ends.ours), reactor::of_this_worker());
    sched::cancel_scope scope;
    on.spawn(cancel(scope, draining)).detach();
    const auto read = [](tcp_stream& from, char& into) -> sched::task<transfer> {
      co_return co_await from.read({&into, 1}, 1h);
    };
    char byte = 0;
    const transfer cancelled = co_await scope.run(read(stream, byte));
    EXPECT_EQ(cancelled.error, draining);
    EXPECT_EQ(cancelled.bytes, 0U);
    ends.peer_sends("x");
    EXPECT_FALSE((co_await read(stream, byte)).error);
    co_return byte;
  };
  EXPECT_EQ(run(pool, body(pool, pair)), 'x');
}

TEST(cancelled_write, of_a_stream_that_waits_for_room_has_written_nothing) {
  sched::scheduler pool(reactors(1));
  connected_pair pair = connect_pair();
  const auto body = [](sched::scheduler& on, unique_fd fd) -> sched::task<transfer> {
    tcp_stream stream(std::move(fd), reactor::of_this_worker());
    const std::string block(1 << 16, 'x');
    const const_buffer all(block.data(), block.size());
    while (stream.try_write({&all, 1}).bytes != 0) {
    }
    sched::cancel_scope scope;
    on.spawn(cancel(scope, draining)).detach();
    const auto write = [](tcp_stream& to, const_buffer what) -> sched::task<transfer> {
      co_return co_await to.write_some({&what, 1}, 1h);
    };
    co_return co_await scope.run(write(stream, all));
  };
  const transfer written = run(pool, body(pool, std::move(pair.ours)));
  EXPECT_EQ(written.error, draining);
  EXPECT_EQ(written.bytes, 0U);
}

// A request runs under a scope, so this has to be as free of the heap as it is without one.
TEST(operation_in_a_scope, allocates_nothing) {
  if (!memory::is_counting()) GTEST_SKIP() << "the sanitizers bring their own malloc";
  sched::scheduler pool(reactors(1));
  sched::cancel_scope scope;
  connected_pair pair = connect_pair();
  const auto body = [](connected_pair& ends) -> sched::task<std::uint64_t> {
    auto& context = reactor::of_this_worker().context();
    asio::ip::tcp::socket socket(context, asio::ip::tcp::v4(), ends.ours.release());
    asio::steady_timer timer(context);
    memory::allocation_counts before;
    for (int i = 0; i < 100; ++i) {
      if (i == 50) before = memory::thread_allocations();
      ends.peer_sends("x");
      char byte = 0;
      const auto [ec, n] = co_await socket.async_read_some(asio::buffer(&byte, 1), use_task);
      EXPECT_EQ(n, 1U);
      timer.expires_after(10us);
      EXPECT_FALSE(co_await timer.async_wait(use_task));
    }
    co_return (memory::thread_allocations() - before).allocations;
  };
  EXPECT_EQ(run(pool, body(pair), &scope), 0U);
}

TEST(operation_being_cancelled, allocates_nothing) {
  if (!memory::is_counting()) GTEST_SKIP() << "the sanitizers bring their own malloc";
  sched::scheduler pool(reactors(1));
  const auto body = [](sched::scheduler& on) -> sched::task<std::uint64_t> {
    memory::allocation_counts before;
    for (int i = 0; i < 20; ++i) {
      if (i == 10) before = memory::thread_allocations();
      sched::cancel_scope scope;
      auto cancelling = on.spawn(cancel(scope, draining));
      EXPECT_EQ(
          co_await scope.run(wait_an_hour(reactor::of_this_worker().context().get_executor())),
          draining);
      co_await std::move(cancelling);
    }
    co_return (memory::thread_allocations() - before).allocations;
  };
  EXPECT_EQ(run(pool, body(pool)), 0U);
}

}  // namespace
}  // namespace tacit::io
