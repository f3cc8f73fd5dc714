#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>

#include <tacit/base/atomic.hpp>
#include <tacit/io/listening_socket.hpp>
#include <tacit/io/reactor.hpp>
#include <tacit/io/unique_fd.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::io {

/// Accepts connections on one worker's reactor.
///
/// Threads:   accept() awaited on the worker of `on`; stop() from any thread.
/// Lifetime:  outlives the awaited accept(). The listening socket stays open with its owner.
class listener {
 public:
  listener(const listening_socket& socket, reactor& on);
  ~listener();

  /// Gives every connection to `place`, which takes a non-blocking socket, until stop(). When the
  /// process runs out of descriptors it calls `out_of_descriptors` and pauses, so that those who
  /// wait in the backlog are served once descriptors are free again.
  sched::task<> accept(std::function<void(unique_fd)> place,
                       std::function<void()> out_of_descriptors);

  void stop() noexcept;

 private:
  reactor& reactor_;
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
      acceptor_;
  base::atomic<bool> stopping_{false};
};

}  // namespace tacit::io
