#include "io/late_read.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <string>

#include "io/tcp_stream.hpp"
#include "tests/io/connected_pair.hpp"
#include "tests/io/run.hpp"

namespace tacit::io {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t block_bytes = memory::buffer_pool::block_bytes;

struct outcome {
  base::error_code error;
  std::string text;
  bool goes_on = false;  // Neither bytes nor an error.
};

sched::task<outcome> read_late(tcp_stream& from, stream::duration timeout,
                               stream::duration patience) {
  late_read arriving(from, block_bytes, timeout, patience);
  co_await arriving;
  outcome seen{arriving.error, {}, !arriving.error && arriving.bytes == 0};
  if (arriving.bytes != 0) seen.text.assign(arriving.block.data(), arriving.bytes);
  co_return seen;
}

// Told in the reactor; awaited as a coroutine would be made ready.
class told final : public arrival_listener, public sched::runnable {
 public:
  explicit told(tcp_stream& of) : of_(of) {}
  void on_arrival() noexcept override { make_ready(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    suspend(awaiting, "arrival", place);
    return of_.listen(*this) ? true : carry_on();
  }
  void await_resume() const noexcept {}

 private:
  tcp_stream& of_;
};

class late_read_test : public testing::Test {
 protected:
  connected_pair pair = connect_pair();

  // On a worker, over our end.
  outcome with_stream(std::function<sched::task<outcome>(tcp_stream&)> body) {
    ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
    sched::scheduler pool(reactors(1));
    const auto on_worker = [](unique_fd fd, auto work) -> sched::task<outcome> {
      tcp_stream ours(std::move(fd), reactor::of_this_worker());
      co_return co_await work(ours);
    };
    return run(pool, on_worker(std::move(pair.ours), std::move(body)));
  }
};

TEST_F(late_read_test, gives_what_had_come_before) {
  pair.peer_sends("early");
  const outcome got =
      with_stream([](tcp_stream& ours) { return read_late(ours, 10s, stream::no_timeout); });
  EXPECT_EQ(got.text, "early");
}

TEST_F(late_read_test, gives_what_comes_while_it_waits) {
  sched::scheduler elsewhere(reactors(1));
  const auto send = [](const connected_pair& to) -> sched::task<> {
    to.peer_sends("later");
    co_return;
  };
  const outcome got = with_stream([&](tcp_stream& ours) -> sched::task<outcome> {
    elsewhere.spawn(send(pair)).detach();
    co_return co_await read_late(ours, 10s, stream::no_timeout);
  });
  EXPECT_EQ(got.text, "later");
}

TEST_F(late_read_test, leaves_to_the_next_one_what_is_more_than_a_block) {
  const std::string sent(3 * block_bytes / 2, 's');
  pair.peer_sends(sent);
  ::shutdown(pair.theirs.get(), SHUT_WR);
  const outcome got = with_stream([](tcp_stream& ours) -> sched::task<outcome> {
    outcome all;
    while (!all.error) {
      outcome piece = co_await read_late(ours, 10s, stream::no_timeout);
      EXPECT_LE(piece.text.size(), block_bytes);
      all.text += piece.text;
      all.error = piece.error;
    }
    co_return all;
  });
  EXPECT_EQ(got.text, sent);
  EXPECT_EQ(got.error, base::errc::end_of_stream);
}

TEST_F(late_read_test, fails_after_its_timeout) {
  const outcome got =
      with_stream([](tcp_stream& ours) { return read_late(ours, 1ms, stream::no_timeout); });
  EXPECT_EQ(got.error, base::errc::timed_out);
}

TEST_F(late_read_test, goes_on_without_its_coroutine_and_gives_the_next_one_what_came) {
  const outcome got = with_stream([&](tcp_stream& ours) -> sched::task<outcome> {
    const outcome nothing = co_await read_late(ours, 10s, 1ms);
    EXPECT_TRUE(nothing.goes_on);
    pair.peer_sends("for the next");
    told arrival(ours);
    co_await arrival;
    co_return co_await read_late(ours, 10s, 1ms);
  });
  EXPECT_EQ(got.text, "for the next");
}

TEST_F(late_read_test, that_was_let_go_is_told_of_the_peers_end) {
  const outcome got = with_stream([&](tcp_stream& ours) -> sched::task<outcome> {
    static_cast<void>(co_await read_late(ours, 10s, 1ms));
    ::shutdown(pair.theirs.get(), SHUT_WR);
    told arrival(ours);
    co_await arrival;
    co_return co_await read_late(ours, 10s, 1ms);
  });
  EXPECT_EQ(got.error, base::errc::end_of_stream);
}

TEST_F(late_read_test, that_was_let_go_still_has_its_timeout) {
  const outcome got = with_stream([](tcp_stream& ours) -> sched::task<outcome> {
    const outcome nothing = co_await read_late(ours, 20ms, 1ms);
    EXPECT_TRUE(nothing.goes_on);
    told arrival(ours);
    co_await arrival;
    co_return co_await read_late(ours, 10s, 1ms);
  });
  EXPECT_EQ(got.error, base::errc::timed_out);
}

TEST_F(late_read_test, that_was_let_go_ends_when_reading_is_stopped) {
  const outcome got = with_stream([](tcp_stream& ours) -> sched::task<outcome> {
    static_cast<void>(co_await read_late(ours, 10s, 1ms));
    ours.stop_reading();
    told arrival(ours);
    co_await arrival;
    co_return co_await read_late(ours, 10s, 1ms);
  });
  EXPECT_EQ(got.error, base::errc::end_of_stream);
}

}  // namespace
}  // namespace tacit::io
