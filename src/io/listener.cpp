#include "io/listener.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <tacit/io/use_task.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/sleep.hpp>

namespace tacit::io {

namespace asio = boost::asio;

namespace {

// So that a burst of connections does not keep the worker from its requests. Not measured.
constexpr int accepts_in_a_row_max = 64;

constexpr std::chrono::milliseconds paused_look_interval{10};

// As many as the backlog holds, see listening_socket.
constexpr int queued_max = 4096;

// Takes up to `most`. The last outcome.
acceptor::outcome take_waiting(acceptor& from, const listener::receiver& to, int most) {
  acceptor::outcome last = acceptor::outcome::taken;
  for (int i = 0; i < most && last == acceptor::outcome::taken; ++i) {
    accepted one;
    last = from.take(one);
    if (last == acceptor::outcome::taken) to.place(std::move(one));
  }
  return last;
}

}  // namespace

listener::listener(const listening_socket& socket, reactor& on)
    : reactor_(on), socket_(on.context(), asio::ip::tcp::v4(), ::dup(socket.fd())) {}

listener::~listener() = default;

sched::task<> listener::accept(receiver to) {
  acceptor from(socket_.native_handle(), SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (!stopping_.load(base::memory_order_acquire)) {
    if (to.is_paused && to.is_paused()) {
      static_cast<void>(co_await sync::sleep_for(paused_look_interval));
      continue;
    }
    const base::error_code ec = co_await socket_.async_wait(asio::socket_base::wait_read, use_task);
    if (ec) continue;  // Cancelled by stop(), or spurious.
    if (take_waiting(from, to, accepts_in_a_row_max) == acceptor::outcome::exhausted) {
      to.exhausted();
      static_cast<void>(co_await sync::sleep_for(from.get_over(to.refuse)));
    }
  }
  if (take_queued_.load(base::memory_order_relaxed)) take_waiting(from, to, queued_max);
  // What stop() posted uses this object, whose owner waits for the end of this coroutine.
  while (!cancelled_.load(base::memory_order_acquire))
    co_await sched::yield();
}

// Cancelled on the reactor's own thread, because an Asio object is not to be used by two threads at
// once. The flag comes first: an accept() that starts to wait after the cancel has seen it.
void listener::stop(bool take_queued) noexcept {
  take_queued_.store(take_queued, base::memory_order_relaxed);
  stopping_.store(true, base::memory_order_release);
  asio::post(reactor_.context(), [this] {
    base::error_code ignored;
    socket_.cancel(ignored);
    cancelled_.store(true, base::memory_order_release);
  });
}

}  // namespace tacit::io
