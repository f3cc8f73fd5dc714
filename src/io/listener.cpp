#include "io/listener.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include <tacit/io/use_task.hpp>
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
    : socket_(on.context(), asio::ip::tcp::v4(), ::dup(socket.fd())) {}

listener::~listener() = default;

sched::task<> listener::accept(receiver to) {
  co_await until_stopped_.run(take_all(std::move(to)));
}

sched::task<> listener::take_all(receiver to) {
  acceptor from(socket_.native_handle(), SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (!until_stopped_.is_cancelled()) {
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
}

void listener::stop(bool take_queued) noexcept {
  take_queued_.store(take_queued, base::memory_order_relaxed);
  until_stopped_.cancel();
}

}  // namespace tacit::io
