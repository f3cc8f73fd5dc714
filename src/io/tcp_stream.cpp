#include "io/tcp_stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <tacit/sched/this_worker.hpp>

#include "io/gather.hpp"
#include "io/send_file.hpp"

namespace tacit::io {

namespace asio = boost::asio;

namespace {

// How soon a timer that finds nothing waiting looks again.
constexpr std::chrono::seconds recheck_interval{1};

base::steady_time to_time(base::steady_time::rep ticks) {
  return base::steady_time(base::steady_time::duration(ticks));
}

// The clock's value at the last tick of the kernel, at most 10 ms old, for a quarter of the price.
// The worker's own idea of the time will not do: it is as old as the present run is long, and a
// deadline counted from it could be over when a long handler begins to wait.
base::steady_time coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return base::steady_time(std::chrono::seconds(now.tv_sec) +
                           std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

struct tcp_stream::read_handler {
  using allocator_type = operation_allocator<std::byte>;
  using cancellation_slot_type = abort_signal::slot;
  tcp_stream* self;
  completion* done;
  std::size_t wanted;
  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return allocator_type(done->memory);
  }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
    return done->slot();
  }
  void operator()(base::error_code ec, std::size_t bytes) const noexcept {
    self->read_deadline_.store(no_deadline, base::memory_order_relaxed);
    self->may_have_more_ = bytes == wanted;
    if (ec == asio::error::eof) ec = base::errc::end_of_stream;
    done->finish(self->timeout_or(ec), bytes);
  }
};

struct tcp_stream::write_handler {
  using allocator_type = operation_allocator<std::byte>;
  using cancellation_slot_type = abort_signal::slot;
  tcp_stream* self;
  completion* done;
  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return allocator_type(done->memory);
  }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
    return done->slot();
  }
  void operator()(base::error_code ec, std::size_t bytes) const noexcept {
    self->write_deadline_.store(no_deadline, base::memory_order_relaxed);
    done->finish(self->timeout_or(ec), bytes);
  }
  void operator()(base::error_code ec) const noexcept { (*this)(ec, 0); }
};

tcp_stream::tcp_stream(unique_fd fd, reactor& on)
    : reactor_(on),
      timers_(sched::this_worker::timers()),
      socket_(on.context(), asio::ip::tcp::v4(), fd.release()),
      read_deadline_(no_deadline),
      write_deadline_(no_deadline),
      armed_for_(no_deadline) {
  base::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  reactor_.streams.fetch_add(1, base::memory_order_relaxed);
}

tcp_stream::~tcp_stream() {
  timers_->cancel(*this);
  reactor_.streams.fetch_sub(1, base::memory_order_relaxed);
}

bool tcp_stream::start_read(std::span<char> into, duration timeout, completion& done) {
  // Out of budget, it takes the longer way, which lets others run.
  if (may_have_more_ && sched::this_worker::spend_budget()) {
    const ssize_t n = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (n >= 0) {
      may_have_more_ = static_cast<std::size_t>(n) == into.size();
      done.bytes = static_cast<std::size_t>(n);
      if (n == 0) done.error = timeout_or(base::errc::end_of_stream);
      return true;
    }
    if (errno != EAGAIN && errno != EINTR) {
      done.error = {errno, boost::system::system_category()};
      return true;
    }
    may_have_more_ = false;
  }
  set_deadline(read_deadline_, timeout);
  done.abort_on(reactor_.context());
  socket_.async_read_some(asio::buffer(into.data(), into.size()),
                          read_handler{this, &done, into.size()});
  return false;
}

transfer tcp_stream::try_write(std::span<const const_buffer> buffers) {
  const ssize_t n = send(socket_.native_handle(), buffers, MSG_DONTWAIT);
  if (n >= 0) return {{}, static_cast<std::size_t>(n)};
  if (errno == EAGAIN || errno == EINTR) return {};
  return {timeout_or({errno, boost::system::system_category()}), 0};
}

transfer tcp_stream::try_send_file(int fd, std::uint64_t offset, std::uint64_t bytes) {
  const ssize_t n = send_file(socket_.native_handle(), fd, offset, bytes);
  if (n > 0) return {{}, static_cast<std::size_t>(n)};
  if (n == 0) return {base::errc::end_of_stream, 0};
  if (errno == EAGAIN || errno == EINTR) return {};
  if (cannot_be_sent_from()) return stream::try_send_file(fd, offset, bytes);
  return {timeout_or({errno, boost::system::system_category()}), 0};
}

bool tcp_stream::start_wait_for_room(duration timeout, completion& done) {
  set_deadline(write_deadline_, timeout);
  done.abort_on(reactor_.context());
  socket_.async_wait(socket::wait_write, write_handler{this, &done});
  return false;
}

bool tcp_stream::start_write(std::span<const const_buffer> buffers, duration timeout,
                             completion& done) {
  set_deadline(write_deadline_, timeout);
  done.abort_on(reactor_.context());
  socket_.async_write_some(buffer_range(buffers), write_handler{this, &done});
  return false;
}

void tcp_stream::stop_reading() noexcept {
  ::shutdown(socket_.native_handle(), SHUT_RD);
}

void tcp_stream::finish_writing() noexcept {
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

int tcp_stream::descriptor() const noexcept {
  // Asio's accessor is not const, though it changes nothing.
  return const_cast<socket&>(socket_).native_handle();
}

void tcp_stream::abort() noexcept {
  ::shutdown(socket_.native_handle(), SHUT_RDWR);
}

// Without lingering, close() drops what is not sent and sends a reset.
void tcp_stream::cut() noexcept {
  const linger at_once{1, 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(socket_.native_handle(), SHUT_RD);
}

void tcp_stream::limit_read(duration timeout) noexcept {
  set_deadline(read_deadline_, timeout);
}

// The order of these accesses against those in on_expired (both seq_cst) decides who moves the
// timer: here the deadline is stored before armed_for_ is read, there armed_for_ is stored before
// the deadlines are read again, so at least one of the two sees the other's value.
void tcp_stream::set_deadline(deadline& of, duration timeout) {
  if (timeout == no_timeout) return of.store(no_deadline, base::memory_order_relaxed);
  const auto due = coarse_now() + timeout;
  const ticks due_ticks = due.time_since_epoch().count();
  of.store(due_ticks, base::memory_order_seq_cst);
  if (due_ticks < armed_for_.load(base::memory_order_seq_cst)) {
    armed_for_.store(due_ticks, base::memory_order_seq_cst);
    timers_->set(*this, due);
  }
}

bool tcp_stream::has_passed(const deadline& which, base::steady_time now) const noexcept {
  const ticks due = which.load(base::memory_order_seq_cst);
  return due != no_deadline && to_time(due) <= now;
}

tcp_stream::ticks tcp_stream::earliest_deadline() const noexcept {
  return std::min(read_deadline_.load(base::memory_order_seq_cst),
                  write_deadline_.load(base::memory_order_seq_cst));
}

std::optional<base::steady_time> tcp_stream::on_expired(base::steady_time now) noexcept {
  if (now == base::steady_time::max()) return std::nullopt;  // The queue closes.
  for (;;) {
    const bool read_is_late = has_passed(read_deadline_, now);
    const bool write_is_late = has_passed(write_deadline_, now);
    if ((read_is_late && !let_go(now)) || write_is_late) {
      timed_out_.store(true, base::memory_order_relaxed);
      write_is_late ? abort() : stop_reading();
    }
    const ticks earliest = earliest_deadline();
    const base::steady_time next = earliest != no_deadline && to_time(earliest) > now
                                       ? to_time(earliest)
                                       : now + recheck_interval;
    armed_for_.store(next.time_since_epoch().count(), base::memory_order_seq_cst);
    if (earliest_deadline() >= next.time_since_epoch().count() ||
        timed_out_.load(base::memory_order_relaxed)) {
      return next;
    }
  }
}

base::error_code tcp_stream::timeout_or(base::error_code ec) const noexcept {
  if (ec && timed_out_.load(base::memory_order_relaxed)) return base::errc::timed_out;
  return ec;
}

}  // namespace tacit::io
