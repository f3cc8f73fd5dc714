#include <tacit/io/reactor.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>
#include <vector>

#include <tacit/base/word_lock.hpp>
#include <tacit/io/use_task.hpp>

#include "io/socket_set.hpp"
#include "io/tcp_stream.hpp"
#include "tests/io/connected_pair.hpp"
#include "tests/io/run.hpp"

namespace tacit::io {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// The duration at which a wait goes from the coarse to the precise way is among these.
TEST(reactor, waits_until_the_deadline_and_no_longer_than_that_takes) {
  reactor waits_in;
  for (const auto left : {0us, 50us, 500us, 1900us, 2000us, 2100us, 5000us}) {
    const auto deadline = clock::now() + left;
    while (clock::now() < deadline)
      waits_in.wait(deadline);
  }
}

TEST(reactor, a_deadline_may_come_before_one_that_an_earlier_wait_was_for) {
  reactor waits_in;
  for (int i = 0; i < 20; ++i) {
    waits_in.interrupt();
    waits_in.wait(clock::now() + 1900us);  // Ends at once.
    const auto deadline = clock::now() + 300us;
    while (clock::now() < deadline)
      waits_in.wait(deadline);
  }
}

TEST(reactor, an_interrupt_ends_the_wait_or_the_next_one) {
  reactor waits_in;
  waits_in.interrupt();
  waits_in.wait(std::nullopt);
  std::thread other([&] { waits_in.interrupt(); });
  waits_in.wait(std::nullopt);
  other.join();
}

// Of whom the reactor is to tell, each time.
struct always_waiting final : socket_set::user {
  socket_set::place* at = nullptr;
  int told = 0;
  void on_readable() noexcept override {
    ++told;
    at->reading.await_again();
  }
  void on_writable() noexcept override {}
};

TEST(reactor, tells_a_socket_each_time_something_comes) {
  connected_pair pair = connect_pair();
  reactor waits_in;
  always_waiting user;
  user.at = &waits_in.sockets().add(pair.ours.get(), user);
  ASSERT_TRUE(user.at->reading.await());
  for (int i = 1; i <= 3; ++i) {
    pair.peer_sends("x");
    while (user.told < i)
      waits_in.wait(std::nullopt);
  }
  waits_in.sockets().remove(*user.at);
}

TEST(reactor, looks_at_its_context_although_sockets_always_have_something) {
  connected_pair pair = connect_pair();
  reactor waits_in;
  always_waiting user;
  user.at = &waits_in.sockets().add(pair.ours.get(), user);
  ASSERT_TRUE(user.at->reading.await());
  bool has_run = false;
  asio::post(waits_in.context(), [&] { has_run = true; });
  for (int waits = 0; waits < 8 && !has_run; ++waits) {
    pair.peer_sends("x");
    waits_in.wait(std::nullopt);
  }
  EXPECT_TRUE(has_run);
  waits_in.sockets().remove(*user.at);
}

TEST(reactor, a_place_whose_socket_has_gone_serves_the_next_one) {
  connected_pair first = connect_pair();
  connected_pair second = connect_pair();
  reactor waits_in;
  always_waiting gone;
  gone.at = &waits_in.sockets().add(first.ours.get(), gone);
  first.peer_sends("x");
  waits_in.sockets().remove(*gone.at);
  first.ours = unique_fd();
  always_waiting user;
  user.at = &waits_in.sockets().add(second.ours.get(), user);
  EXPECT_EQ(user.at, gone.at);
  ASSERT_TRUE(user.at->reading.await());
  second.peer_sends("x");
  while (user.told == 0)
    waits_in.wait(std::nullopt);
  EXPECT_EQ(gone.told, 0);
  waits_in.sockets().remove(*user.at);
}

// Two threads take turns: each publishes a number and interrupts the other one's reactor. A third
// one polls for both whenever they let it, as an idle worker does for a busy one. What it takes
// cannot be an interrupt that is still needed: an owner locks it out before its last look.
TEST(reactor, no_interrupt_is_lost_although_a_thief_polls) {
  struct side {
    reactor waits_in;
    base::word_lock polling;
    std::atomic<int> published{0};
  };
  side sides[2];
  constexpr int rounds = 20'000;
  const auto play = [&](side& mine, side& other) {
    for (int round = 1; round <= rounds; ++round) {
      other.published.store(round, std::memory_order_relaxed);
      other.waits_in.interrupt();
      for (;;) {
        const std::lock_guard lock(mine.polling);
        if (mine.published.load(std::memory_order_relaxed) >= round) break;
        mine.waits_in.wait(std::nullopt);
      }
    }
  };
  std::atomic<bool> over{false};
  std::thread thief([&] {
    while (!over.load(std::memory_order_relaxed)) {
      for (side& each : sides) {
        if (!each.polling.try_lock()) continue;
        each.waits_in.poll();
        each.polling.unlock();
      }
      std::this_thread::yield();
    }
  });
  std::thread second([&] { play(sides[1], sides[0]); });
  play(sides[0], sides[1]);
  second.join();
  over.store(true, std::memory_order_relaxed);
  thief.join();
}

template <class Condition>
void spin_until(const Condition& holds) {
  while (!holds())
    base::pause();
}

// Worker A spins; what arrives at a socket of its reactor has to be served nevertheless.
TEST(stolen_poll, serves_a_connection_whose_worker_is_stuck) {
  sched::scheduler pool(reactors(2));
  connected_pair pair = connect_pair();
  struct connection {
    asio::ip::tcp::socket socket;
    std::atomic<bool> served{false};
  };
  const auto serve = [](connection& of) -> sched::task<> {
    char byte = 0;
    const auto [ec, n] = co_await of.socket.async_read_some(asio::buffer(&byte, 1), use_task);
    EXPECT_FALSE(ec);
    EXPECT_EQ(byte, 'x');
    of.served.store(true);
  };
  const auto body = [](sched::scheduler& on, connected_pair& ends,
                       auto served_by) -> sched::task<bool> {
    connection here{
        {reactor::of_this_worker().context(), asio::ip::tcp::v4(), ends.ours.release()}};
    auto serving = on.spawn(served_by(here));
    ends.peer_sends("x");
    spin_until([&] { return here.served.load(); });
    co_await std::move(serving);
    co_return true;
  };
  EXPECT_TRUE(run(pool, body(pool, pair, serve)));
  EXPECT_GT(pool.statistics(0).polls_stolen + pool.statistics(1).polls_stolen, 0U);
}

TEST(stolen_poll, serves_a_connection_on_which_something_comes_later) {
  sched::scheduler pool(reactors(2));
  connected_pair pair = connect_pair();
  struct connection {
    asio::ip::tcp::socket socket;
    std::atomic<bool> waits{false};
    std::atomic<bool> served{false};
  };
  const auto serve = [](connection& of) -> sched::task<> {
    char byte = 0;
    // The last step before the read: then the other thread lets the byte go.
    of.waits.store(true);
    const auto [ec, n] = co_await of.socket.async_read_some(asio::buffer(&byte, 1), use_task);
    EXPECT_EQ(n, 1U);
    of.served.store(true);
  };
  const auto body = [](sched::scheduler& on, connected_pair& ends,
                       auto served_by) -> sched::task<bool> {
    connection here{
        {reactor::of_this_worker().context(), asio::ip::tcp::v4(), ends.ours.release()}};
    auto serving = on.spawn(served_by(here));
    spin_until([&] { return here.waits.load(); });
    std::thread peer([&] { ends.peer_sends("x"); });
    spin_until([&] { return here.served.load(); });
    peer.join();
    co_await std::move(serving);
    co_return true;
  };
  EXPECT_TRUE(run(pool, body(pool, pair, serve)));
}

TEST(stolen_poll, fires_the_deadline_of_a_stream_whose_worker_is_stuck) {
  sched::scheduler pool(reactors(2));
  connected_pair pair = connect_pair();
  const auto read = [](stream& from, std::atomic<bool>& ended) -> sched::task<base::error_code> {
    char byte = 0;
    const transfer got = co_await from.read({&byte, 1}, 20ms);
    ended.store(true);
    co_return got.error;
  };
  const auto body = [](sched::scheduler& on, unique_fd fd,
                       auto reads) -> sched::task<base::error_code> {
    tcp_stream here(std::move(fd), reactor::of_this_worker());
    std::atomic<bool> ended{false};
    auto reading = on.spawn(reads(here, ended));
    spin_until([&] { return ended.load(); });
    co_return co_await std::move(reading);
  };
  EXPECT_EQ(run(pool, body(pool, std::move(pair.ours), read)),
            make_error_code(base::errc::timed_out));
}

// Streams of one worker's reactor, read on both, while both now and then poll for the other: the
// short deadlines fire on either thread.
TEST(stolen_poll, deadlines_and_bytes_of_many_streams_stay_in_order) {
  sched::scheduler pool(reactors(2));
  constexpr int streams = 16;
  constexpr int rounds = 100;
  const auto serve = [](connected_pair ends) -> sched::task<int> {
    tcp_stream here(std::move(ends.ours), reactor::of_this_worker());
    int read_bytes = 0;
    for (int i = 0; i < rounds; ++i) {
      ends.peer_sends("x");
      char byte = 0;
      const transfer got = co_await here.read({&byte, 1}, i % 2 == 0 ? 10s : 20s);
      if (got.error) co_return -1;
      read_bytes += static_cast<int>(got.bytes);
      const auto spun = clock::now() + std::chrono::microseconds(i % 7 == 0 ? 300 : 0);
      spin_until([&] { return clock::now() >= spun; });
    }
    char byte = 0;
    const transfer last = co_await here.read({&byte, 1}, 5ms);
    co_return last.error == make_error_code(base::errc::timed_out) ? read_bytes : -1;
  };
  std::vector<sched::join_handle<int>> serving;
  for (int i = 0; i < streams; ++i)
    serving.push_back(pool.spawn(serve(connect_pair())));
  for (auto& each : serving)
    EXPECT_EQ(sched::block_on(join(std::move(each))), rounds);
}

}  // namespace
}  // namespace tacit::io
