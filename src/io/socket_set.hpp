#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <tacit/base/word_lock.hpp>
#include <tacit/io/unique_fd.hpp>

#include "io/readiness.hpp"

namespace tacit::io {

/// The sockets of one reactor whose readiness it tells itself, beside Asio.
///
/// Asio tries a read before it waits, each time, because it does not look at how an end is told of.
/// With EPOLLRDHUP a short read is known to have taken everything, and the next one can wait
/// without a try. A socket is registered once, edge-triggered.
///
/// Threads: take() by one at a time; the rest by any.
class socket_set {
 public:
  /// Who uses a socket. Called by take(), when an operation waits for what has come.
  class user {
   public:
    virtual void on_readable() noexcept = 0;
    virtual void on_writable() noexcept = 0;

   protected:
    ~user() = default;
  };

  /// A socket's place in the set. Its memory is kept for the next socket, so that news for one that
  /// has gone just now harm nobody: the next one is told for nothing.
  struct place {
    readiness reading;
    readiness writing;
    user* of = nullptr;     // Read by whoever polls, of a user that waits.
    place* next = nullptr;  // Among the free ones, guarded by the set's lock.
  };

  /// Throws system_error.
  socket_set();
  socket_set(const socket_set&) = delete;
  socket_set& operator=(const socket_set&) = delete;

  /// Throws system_error, bad_alloc.
  place& add(int socket, user& of);

  /// Nothing waits. The socket is closed afterwards.
  void remove(place& from) noexcept;

  /// What is true of the socket now is told once more, and from now on also that there is room to
  /// write. One system call.
  void tell_again(int socket, place& in) noexcept;

  /// What has come, without waiting. Returns how many operations have ended, or had to wait again.
  std::size_t take() noexcept;

  /// Readable while there is something to take.
  [[nodiscard]] int descriptor() const noexcept { return epoll_.get(); }

 private:
  static constexpr std::size_t batch_max = 256;
  static constexpr std::size_t chunk_places = 64;

  void grow();

  unique_fd epoll_;
  base::word_lock lock_;
  place* free_ = nullptr;                         // Guarded by lock_.
  std::vector<std::unique_ptr<place[]>> chunks_;  // Guarded by lock_.
};

}  // namespace tacit::io
