#include "io/listener.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>
#include <utility>
#include <variant>

#include "io/run.hpp"

namespace tacit::io {
namespace {

// So that the cancel finds nothing to cancel: the wait begins only then.
TEST(listener, ends_if_it_is_stopped_while_it_is_about_to_wait) {
  auto opened = listening_socket::open("127.0.0.1:0");
  ASSERT_TRUE(std::holds_alternative<listening_socket>(opened));
  sched::scheduler pool(reactors(2));
  auto& on = static_cast<reactor&>(pool.poller_of(0));
  listener taken(std::get<listening_socket>(opened), on);
  listener::receiver to;
  to.place = [](accepted) {};
  bool is_first = true;
  to.is_paused = [&] {
    if (std::exchange(is_first, false)) {
      taken.stop(true);
      std::promise<void> is_past;
      boost::asio::post(on.context(), [&] { is_past.set_value(); });
      is_past.get_future().wait();  // This worker or the other one runs it.
    }
    return false;
  };
  run(pool, taken.accept(std::move(to)));
}

// Which worker runs accept() is up to the scheduler, and it may be about to wait just then.
TEST(listener, ends_whenever_it_is_stopped) {
  auto opened = listening_socket::open("127.0.0.1:0");
  ASSERT_TRUE(std::holds_alternative<listening_socket>(opened));
  const auto& socket = std::get<listening_socket>(opened);
  sched::scheduler pool(reactors(2));
  for (int i = 0; i < 5'000; ++i) {
    listener taken(socket, static_cast<reactor&>(pool.poller_of(0)));
    listener::receiver to;
    to.place = [](accepted) {};
    auto accepting = pool.spawn(taken.accept(std::move(to)));
    taken.stop(i % 2 == 0);
    sched::block_on(join(std::move(accepting)));
  }
}

}  // namespace
}  // namespace tacit::io
