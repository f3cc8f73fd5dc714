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
    // From here on a cancel is repeated until it has ended the wait: it may come before the wait
    // has begun.
    waits_.store(true, base::memory_order_seq_cst);
    base::error_code ec = asio::error::operation_aborted;
    if (!stopping_.load(base::memory_order_seq_cst)) {
      ec = co_await socket_.async_wait(asio::socket_base::wait_read, use_task);
    }
    waits_.store(false, base::memory_order_seq_cst);
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

// The flag comes first: an accept() that is not about to wait when cancel() looks will see it.
void listener::stop(bool take_queued) noexcept {
  take_queued_.store(take_queued, base::memory_order_relaxed);
  stopping_.store(true, base::memory_order_seq_cst);
  cancel_later();
}

void listener::cancel_later() noexcept {
  asio::post(reactor_.context(), [this] { cancel(); });
}

// In the reactor, where the wait is. Whichever worker runs accept() may have looked at the flag,
// and not have begun to wait.
void listener::cancel() noexcept {
  base::error_code ignored;
  socket_.cancel(ignored);
  if (waits_.load(base::memory_order_seq_cst)) return cancel_later();
  cancelled_.store(true, base::memory_order_release);
}

}  // namespace tacit::io
