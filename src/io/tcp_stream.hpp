#pragma once

#include <cstdint>
#include <limits>

#include <tacit/base/atomic.hpp>
#include <tacit/io/reactor.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/io/unique_fd.hpp>
#include <tacit/sched/timer_queue.hpp>

#include "io/late_read.hpp"
#include "io/socket_set.hpp"

namespace tacit::io {

/// A TCP connection on a reactor.
///
/// A read that fills its buffer is followed by a direct recv, since there may be more. So is one
/// that came together with the peer's end, of which no further event tells. After any other the
/// next read waits without a try. What comes is read by whoever polls, and handed to the coroutine.
///
/// A deadline costs one store per operation: the timer is left where it is and, when it fires
/// early, moves itself to the earlier of the present deadlines. When it fires in time it shuts the
/// socket down (its reading side only, if it was a read), of which the reactor is told, which ends
/// the pending operation.
///
/// A late read lies in the stream itself. `attention_` says who is to be told of it; the protocol
/// is in late_tcp_read.cpp.
class tcp_stream final : public stream,
                         public late_reader,
                         private sched::timer,
                         private socket_set::user {
 public:
  /// Takes a connected, non-blocking socket. Called on a worker, whose timers it uses from then on.
  /// Throws system_error, bad_alloc.
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
  [[nodiscard]] int descriptor() const noexcept override { return socket_.get(); }
  [[nodiscard]] bool listen(arrival_listener& to) noexcept override;

 private:
  struct cancel_read;
  struct cancel_write;
  using ticks = base::steady_time::rep;
  using deadline = base::atomic<ticks>;
  static constexpr ticks no_deadline = std::numeric_limits<ticks>::max();  // Nothing waits.

  bool start_read(std::span<char> into, duration timeout, completion& done) override;
  bool start_write(std::span<const const_buffer> buffers, duration timeout,
                   completion& done) override;
  bool start_wait_for_room(duration timeout, completion& done) override;
  void set_deadline(deadline& of, duration timeout);
  bool has_passed(const deadline& which, base::steady_time now) const noexcept;
  void reset() noexcept;
  [[nodiscard]] ticks earliest_deadline() const noexcept;
  [[nodiscard]] base::error_code timeout_or(base::error_code ec) const noexcept;
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;

  void on_readable() noexcept override;
  void on_writable() noexcept override;
  [[nodiscard]] bool try_read(std::span<char> into, transfer& done) noexcept;
  [[nodiscard]] bool try_now(std::span<char> into, completion& done) noexcept;
  [[nodiscard]] bool try_pending_write(transfer& done) noexcept;
  void wait_for_room(duration timeout, completion& done);

  bool start_late_read(late_read& by) override;
  bool try_late_read(late_read& by);
  [[nodiscard]] bool read_late() noexcept;
  void late_read_ended(const transfer& read) noexcept;
  void hand_over(late_read& to) noexcept;
  bool let_go(base::steady_time now) noexcept;

  reactor& reactor_;
  sched::timer_queue* timers_;
  unique_fd socket_;
  base::atomic<bool> timed_out_{false};
  socket_set::place& place_;

  // Of the operations that wait; of a late read it is null.
  completion* reader_ = nullptr;
  std::span<char> into_;
  completion* writer_ = nullptr;
  std::span<const const_buffer> from_;  // Empty: it only waits for room.

  deadline read_deadline_;
  deadline write_deadline_;
  base::atomic<ticks> armed_for_;

  // Of a late read. What is not atomic belongs to whoever `attention_` says.
  using attention = std::uintptr_t;
  base::atomic<attention> attention_{0};
  base::atomic<ticks> after_patience_{0};  // What is left of the timeout then; 0: it is not let go.
  std::uint32_t late_block_bytes_ = 0;
  std::uint32_t late_bytes_ = 0;
  memory::buffer late_block_;
  base::error_code late_error_;
};

}  // namespace tacit::io
