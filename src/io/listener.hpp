#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>

#include <tacit/base/atomic.hpp>
#include <tacit/io/listening_socket.hpp>
#include <tacit/io/reactor.hpp>
#include <tacit/io/unique_fd.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/task.hpp>

#include "io/acceptor.hpp"

namespace tacit::io {

/// Accepts connections on one worker's reactor.
///
/// Threads:   accept() on any worker; stop() from any thread.
/// Lifetime:  outlives the awaited accept() and stop(). The listening socket stays open with its
/// owner.
class listener {
 public:
  /// What becomes of a connection.
  struct receiver {
    std::function<void(accepted)> place;  ///< Takes a non-blocking socket.
    std::function<void()> exhausted;  ///< There were no descriptors for it; it is looked at again.
    std::function<void(unique_fd)> refuse;  ///< Taken only to be told that there is no room.
    std::function<bool()> is_paused = {};   ///< While it says so, nobody is taken.
  };

  listener(const listening_socket& socket, reactor& on);
  ~listener();

  /// Gives every connection to `to`, until stop().
  sched::task<> accept(receiver to);

  /// Ends accept(). With `take_queued`, those who wait in the backlog by then are still taken: when
  /// the socket is closed next, the kernel would reset them.
  void stop(bool take_queued) noexcept;

 private:
  sched::task<> take_all(receiver to);

  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
      socket_;
  base::atomic<bool> take_queued_{false};  // Stored before the scope is cancelled.
  sched::cancel_scope until_stopped_;
};

}  // namespace tacit::io
