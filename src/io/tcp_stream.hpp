#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <limits>

#include <tacit/base/atomic.hpp>
#include <tacit/io/reactor.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/io/unique_fd.hpp>
#include <tacit/sched/timer_queue.hpp>

#include "io/late_read.hpp"

namespace tacit::io {

/// A TCP connection on a reactor.
///
/// A read that fills its buffer is followed by a direct recv, since there may be more. After a
/// short one the next read goes to the reactor, which tries once before it waits: the peer's end
/// may have come together with the bytes, and then no further event tells of it.
///
/// A deadline costs one store per operation: the timer is left where it is and, when it fires
/// early, moves itself to the earlier of the present deadlines. When it fires in time it shuts the
/// socket down (its reading side only, if it was a read), which ends the pending operation by way
/// of the reactor.
///
/// A late read lies in the stream itself. `attention_` says who is to be told of it; the protocol
/// is in late_tcp_read.cpp.
class tcp_stream final : public stream, public late_reader, private sched::timer {
 public:
  /// Takes a connected, non-blocking socket. Called on a worker, whose timers it uses from then on.
  tcp_stream(unique_fd fd, reactor& on);
  ~tcp_stream() override;

  transfer try_write(std::span<const const_buffer> buffers) override;
  transfer try_send_file(int fd, std::uint64_t offset, std::uint64_t bytes) override;
  void stop_reading() noexcept override;
  void finish_writing() noexcept override;
  void abort() noexcept override;
  void cut() noexcept override;
  [[nodiscard]] bool suspends() const noexcept override { return true; }
  void limit_read(duration timeout) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override;
  [[nodiscard]] bool listen(arrival_listener& to) noexcept override;

 private:
  using socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                  boost::asio::io_context::executor_type>;
  struct read_handler;
  struct write_handler;
  struct late_handler;
  struct late_room;
  using ticks = base::steady_time::rep;
  using deadline = base::atomic<ticks>;
  static constexpr ticks no_deadline = std::numeric_limits<ticks>::max();  // Nothing waits.

  bool start_read(std::span<char> into, duration timeout, completion& done) override;
  bool start_write(std::span<const const_buffer> buffers, duration timeout,
                   completion& done) override;
  bool start_wait_for_room(duration timeout, completion& done) override;
  void set_deadline(deadline& of, duration timeout);
  bool has_passed(const deadline& which, base::steady_time now) const noexcept;
  [[nodiscard]] ticks earliest_deadline() const noexcept;
  [[nodiscard]] base::error_code timeout_or(base::error_code ec) const noexcept;
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;

  bool start_late_read(late_read& by) override;
  bool try_late_read(late_read& by);
  const boost::asio::mutable_buffer* find_room() noexcept;
  void late_read_ended(base::error_code ec, std::size_t bytes) noexcept;
  bool take_late_block() noexcept;
  std::size_t read_behind_first_byte() noexcept;
  void hand_over(late_read& to) noexcept;
  bool let_go(base::steady_time now) noexcept;

  reactor& reactor_;
  sched::timer_queue* timers_;
  socket socket_;
  bool may_have_more_ = false;

  deadline read_deadline_;
  deadline write_deadline_;
  base::atomic<ticks> armed_for_;
  base::atomic<bool> timed_out_{false};

  // Of a late read. What is not atomic belongs to whoever `attention_` says.
  using attention = std::uintptr_t;
  base::atomic<attention> attention_{0};
  base::atomic<ticks> after_patience_{0};  // What is left of the timeout then; 0: it is not let go.
  std::uint32_t late_block_bytes_ = 0;
  std::uint32_t late_bytes_ = 0;
  memory::buffer late_block_;
  boost::asio::mutable_buffer room_;
  base::error_code late_error_;
  char first_byte_ = 0;
  std::uint8_t asked_for_room_ = 0;
  // Asio 1.26 needs just that.
  using late_memory = inline_memory<112>;
  late_memory late_memory_;
};

}  // namespace tacit::io
