#include "io/listener.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>

#include <tacit/io/use_task.hpp>
#include <tacit/sync/sleep.hpp>

namespace tacit::io {

namespace asio = boost::asio;

namespace {

// So that a burst of connections does not keep the worker from its requests. Not measured.
constexpr int accepts_in_a_row_max = 64;
constexpr std::chrono::milliseconds out_of_descriptors_pause{50};

bool lacks_descriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

listener::listener(const listening_socket& socket, reactor& on)
    : reactor_(on), acceptor_(on.context(), asio::ip::tcp::v4(), ::dup(socket.fd())) {
  base::error_code ignored;
  acceptor_.native_non_blocking(true, ignored);
}

listener::~listener() = default;

sched::task<> listener::accept(std::function<void(unique_fd)> place,
                               std::function<void()> out_of_descriptors) {
  while (!stopping_.load(base::memory_order_acquire)) {
    const base::error_code ec =
        co_await acceptor_.async_wait(asio::socket_base::wait_read, use_task);
    if (ec) continue;  // Cancelled by stop(), or spurious.
    for (int i = 0; i < accepts_in_a_row_max; ++i) {
      unique_fd fd(
          ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd) {
        place(std::move(fd));
        continue;
      }
      if (lacks_descriptors(errno)) {
        out_of_descriptors();
        static_cast<void>(co_await sync::sleep_for(out_of_descriptors_pause));
      }
      break;  // Nobody waits, or this one has gone again.
    }
  }
}

// Cancelled on the reactor's own thread, because an Asio object is not to be used by two threads at
// once. The flag comes first: an accept() that starts to wait after the cancel has seen it.
void listener::stop() noexcept {
  stopping_.store(true, base::memory_order_release);
  asio::post(reactor_.context(), [this] {
    base::error_code ignored;
    acceptor_.cancel(ignored);
  });
}

}  // namespace tacit::io
