#include "io/tcp_stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <string>
#include <thread>

#include <tacit/sched/block_on.hpp>

#include "io/blocking_stream.hpp"
#include "tests/io/connected_pair.hpp"
#include "tests/io/run.hpp"

namespace tacit::io {
namespace {

using namespace std::chrono_literals;

// Both kinds of stream keep the same promises.
enum class kind { reactor, blocking };

class stream_test : public testing::TestWithParam<kind> {
 protected:
  connected_pair pair = connect_pair();
  sched::cancel_scope scope;  // What the body runs under.

  // Runs `body` over a stream on our end: on a worker, or on this thread.
  transfer with_stream(std::function<sched::task<transfer>(stream&)> body) {
    if (GetParam() == kind::blocking) {
      blocking_stream peer(std::move(pair.ours), 10s);
      const auto in_scope = [](sched::cancel_scope& in, auto work) -> sched::task<transfer> {
        co_return co_await in.run(std::move(work));
      };
      return sched::block_on(in_scope(scope, body(peer)));
    }
    ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
    sched::scheduler pool(reactors(1));
    const auto on_worker = [](unique_fd fd, auto run) -> sched::task<transfer> {
      tcp_stream peer(std::move(fd), reactor::of_this_worker());
      co_return co_await run(peer);
    };
    return run(pool, on_worker(std::move(pair.ours), body), &scope);
  }
  void peer_sends(std::string_view text) const { pair.peer_sends(text); }
};

INSTANTIATE_TEST_SUITE_P(io, stream_test, testing::Values(kind::reactor, kind::blocking),
                         [](const auto& which) {
                           return which.param == kind::reactor ? "reactor" : "blocking";
                         });

TEST_P(stream_test, reads_what_the_peer_sent) {
  std::string got;
  peer_sends("hello");
  const transfer last = with_stream([&](stream& peer) -> sched::task<transfer> {
    char buffer[64];
    const transfer read = co_await peer.read(buffer, 10s);
    got.assign(buffer, read.bytes);
    co_return read;
  });
  EXPECT_FALSE(last.error);
  EXPECT_EQ(got, "hello");
}

TEST_P(stream_test, goes_on_reading_when_a_read_filled_its_buffer) {
  std::string got;
  peer_sends("hello world");
  ::shutdown(pair.theirs.get(), SHUT_WR);
  const transfer last = with_stream([&](stream& peer) -> sched::task<transfer> {
    for (;;) {
      char buffer[4];
      const transfer read = co_await peer.read(buffer, 10s);
      if (read.error) co_return read;
      got.append(buffer, read.bytes);
    }
  });
  EXPECT_EQ(last.error, make_error_code(base::errc::end_of_stream));
  EXPECT_EQ(got, "hello world");
}

TEST_P(stream_test, gives_up_a_read_when_nothing_comes_in_time) {
  const auto start = std::chrono::steady_clock::now();
  const transfer last = with_stream([](stream& peer) -> sched::task<transfer> {
    char buffer[4];
    co_return co_await peer.read(buffer, 30ms);
  });
  EXPECT_EQ(last.error, make_error_code(base::errc::timed_out));
  // The time counts from the kernel's last tick, which is at most 10 ms ago.
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
}

TEST_P(stream_test, a_later_and_shorter_timeout_counts) {
  peer_sends("x");
  const transfer last = with_stream([](stream& peer) -> sched::task<transfer> {
    char buffer[4];
    const transfer first = co_await peer.read(buffer, std::chrono::hours(1));
    EXPECT_EQ(first.bytes, 1U);
    co_return co_await peer.read(buffer, 20ms);
  });
  EXPECT_EQ(last.error, make_error_code(base::errc::timed_out));
}

TEST_P(stream_test, writes_more_than_the_socket_holds) {
  std::size_t received = 0;
  std::thread reader([&] {
    char buffer[64 * 1024];
    for (ssize_t n; (n = ::recv(pair.theirs.get(), buffer, sizeof buffer, 0)) > 0;) {
      received += static_cast<std::size_t>(n);
    }
  });
  const std::string block(1 << 20, 'x');
  constexpr int blocks = 20;
  const transfer last = with_stream([&](stream& peer) -> sched::task<transfer> {
    for (int i = 0; i < blocks; ++i) {
      for (std::size_t at = 0; at < block.size();) {
        const const_buffer rest(block.data() + at, block.size() - at);
        transfer written = peer.try_write({&rest, 1});
        if (!written.error && written.bytes == 0)
          written = co_await peer.write_some({&rest, 1}, 10s);
        if (written.error) co_return written;
        at += written.bytes;
      }
    }
    co_return transfer{};
  });
  reader.join();
  EXPECT_FALSE(last.error);
  EXPECT_EQ(received, blocks * block.size());
}

TEST_P(stream_test, stops_a_waiting_read_from_another_thread) {
  const transfer last = with_stream([&](stream& peer) -> sched::task<transfer> {
    std::thread stopper([&peer] { peer.stop_reading(); });
    char buffer[4];
    const transfer read = co_await peer.read(buffer, 10s);
    stopper.join();  // It uses the stream, which must therefore live until it is done.
    co_return read;
  });
  EXPECT_EQ(last.error, make_error_code(base::errc::end_of_stream));
}

// The kernel tells of both once.
TEST_P(stream_test, reads_the_end_that_came_together_with_bytes) {
  std::thread peer_ends([this] {
    EXPECT_EQ(::send(pair.theirs.get(), "last", 4, MSG_MORE), 4);  // Leaves with the end.
    ::shutdown(pair.theirs.get(), SHUT_WR);
  });
  const transfer last = with_stream([&](stream& peer) -> sched::task<transfer> {
    char buffer[64];
    EXPECT_EQ((co_await peer.read(buffer, stream::no_timeout)).bytes, 4U);
    co_return co_await peer.read(buffer, stream::no_timeout);
  });
  peer_ends.join();
  EXPECT_EQ(last.error, make_error_code(base::errc::end_of_stream));
}

TEST_P(stream_test, goes_on_telling_the_end_to_whoever_reads_again) {
  ::shutdown(pair.theirs.get(), SHUT_WR);
  const transfer last = with_stream([](stream& peer) -> sched::task<transfer> {
    char buffer[64];
    static_cast<void>(co_await peer.read(buffer, stream::no_timeout));
    co_return co_await peer.read(buffer, stream::no_timeout);
  });
  EXPECT_EQ(last.error, make_error_code(base::errc::end_of_stream));
}

TEST_P(stream_test, writing_to_a_peer_that_is_gone_is_an_error_and_no_signal) {
  const linger hard{1, 0};
  setsockopt(pair.theirs.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  pair.theirs = unique_fd();
  const transfer last = with_stream([](stream& peer) -> sched::task<transfer> {
    const const_buffer text("x", 1);
    transfer written = peer.try_write({&text, 1});
    if (!written.error) written = peer.try_write({&text, 1});
    co_return written;
  });
  EXPECT_TRUE(last.error);
}

TEST_P(stream_test, in_a_cancelled_scope_nothing_is_read_or_written) {
  scope.cancel(base::errc::draining);
  peer_sends("x");
  const transfer last = with_stream([](stream& peer) -> sched::task<transfer> {
    char buffer[4];
    const transfer read = co_await peer.read(buffer, 10s);
    EXPECT_EQ(read.error, make_error_code(base::errc::draining));
    EXPECT_EQ(read.bytes, 0U);
    const const_buffer text("y", 1);
    co_return co_await peer.write_some({&text, 1}, 10s);
  });
  EXPECT_EQ(last.error, make_error_code(base::errc::draining));
  EXPECT_EQ(last.bytes, 0U);
  pair.ours = unique_fd();
  char byte;
  EXPECT_LE(::recv(pair.theirs.get(), &byte, 1, 0), 0) << "something was written";
}

// The worker's idea of the time is as old as its present run.
TEST(tcp_stream, counts_a_deadline_from_now_also_after_a_long_run) {
  connected_pair pair = connect_pair();
  sched::scheduler pool(reactors(1));
  const auto body = [](unique_fd fd) -> sched::task<std::chrono::nanoseconds> {
    tcp_stream peer(std::move(fd), reactor::of_this_worker());
    const auto spun = std::chrono::steady_clock::now() + 60ms;
    while (std::chrono::steady_clock::now() < spun)
      base::pause();
    const auto start = std::chrono::steady_clock::now();
    char buffer[4];
    EXPECT_EQ((co_await peer.read(buffer, 50ms)).error, make_error_code(base::errc::timed_out));
    co_return std::chrono::steady_clock::now() - start;
  };
  EXPECT_GE(run(pool, body(std::move(pair.ours))), 40ms);  // The clock in use has ticks of 10 ms.
}

// Else an answer whose length was not told would look like a whole one.
TEST(tcp_stream, leaves_no_proper_end_to_a_peer_that_reads_once_a_write_was_late) {
  connected_pair pair = connect_pair();
  ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
  const auto write_until_late = [](unique_fd fd, int theirs) -> sched::task<base::error_code> {
    tcp_stream peer(std::move(fd), reactor::of_this_worker());
    const std::string block(1 << 20, 'x');
    const const_buffer all(block.data(), block.size());
    transfer written;
    while (!written.error) {
      written = peer.try_write({&all, 1});
      if (!written.error && written.bytes == 0) written = co_await peer.write_some({&all, 1}, 30ms);
    }
    std::string buffer(64 * 1024, '\0');
    ssize_t got = 0;
    do {
      got = ::recv(theirs, buffer.data(), buffer.size(), 0);
    } while (got > 0);
    EXPECT_EQ(got, -1);
    EXPECT_EQ(errno, ECONNRESET);
    co_return written.error;
  };
  sched::scheduler pool(reactors(1));
  EXPECT_EQ(run(pool, write_until_late(std::move(pair.ours), pair.theirs.get())),
            make_error_code(base::errc::timed_out));
}

}  // namespace
}  // namespace tacit::io
