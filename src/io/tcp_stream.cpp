#include "io/tcp_stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
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

// What a scope that is cancelled does, where the reactor is polled: see abortable.hpp.
struct tcp_stream::cancel_read {
  tcp_stream* self;
  void operator()(asio::cancellation_type_t) const noexcept {
    if (!self->place_.reading.withdraw()) return;
    self->read_deadline_.store(no_deadline, base::memory_order_relaxed);
    self->reader_->finish(asio::error::operation_aborted, 0);
  }
};

struct tcp_stream::cancel_write {
  tcp_stream* self;
  void operator()(asio::cancellation_type_t) const noexcept {
    if (!self->place_.writing.withdraw()) return;
    self->write_deadline_.store(no_deadline, base::memory_order_relaxed);
    self->writer_->finish(asio::error::operation_aborted, 0);
  }
};

tcp_stream::tcp_stream(unique_fd fd, reactor& on)
    : reactor_(on),
      timers_(sched::this_worker::timers()),
      socket_(std::move(fd)),
      place_(on.sockets().add(socket_.get(), *this)),
      read_deadline_(no_deadline),
      write_deadline_(no_deadline),
      armed_for_(no_deadline) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if ((flags & O_NONBLOCK) == 0) ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
  reactor_.streams.fetch_add(1, base::memory_order_relaxed);
}

tcp_stream::~tcp_stream() {
  timers_->cancel(*this);
  reactor_.sockets().remove(place_);
  reactor_.streams.fetch_sub(1, base::memory_order_relaxed);
}

// What is there already. False if nothing is: then whatever comes is told.
bool tcp_stream::try_read(std::span<char> into, transfer& done) noexcept {
  ssize_t n = 0;
  do {
    n = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return false;
  if (n < 0) done.error = timeout_or({errno, boost::system::system_category()});
  if (n == 0) done.error = timeout_or(base::errc::end_of_stream);
  if (n > 0) done.bytes = static_cast<std::size_t>(n);
  if (n <= 0 || done.bytes == into.size() || place_.reading.has_ended()) place_.reading.keep();
  return true;
}

bool tcp_stream::try_now(std::span<char> into, completion& done) noexcept {
  transfer read;
  if (!try_read(into, read)) return false;
  done.error = read.error;
  done.bytes = read.bytes;
  return true;
}

bool tcp_stream::start_read(std::span<char> into, duration timeout, completion& done) {
  if (place_.reading.take()) {
    // Out of budget, it takes the longer way, which lets others run.
    if (!sched::this_worker::spend_budget()) {
      reactor_.sockets().tell_again(socket_.get(), place_);
    } else if (try_now(into, done)) {
      return true;
    }
  }
  reader_ = &done;
  into_ = into;
  done.abort_on(reactor_.context());
  done.slot().emplace<cancel_read>(cancel_read{this});
  set_deadline(read_deadline_, timeout);
  while (!place_.reading.await()) {
    static_cast<void>(place_.reading.take());
    if (!try_now(into, done)) continue;
    read_deadline_.store(no_deadline, base::memory_order_relaxed);
    return true;
  }
  return false;
}

void tcp_stream::on_readable() noexcept {
  if (!reader_) {
    if (!read_late()) place_.reading.await_again();
    return;
  }
  transfer read;
  if (!try_read(into_, read)) return place_.reading.await_again();
  read_deadline_.store(no_deadline, base::memory_order_relaxed);
  reader_->finish(read.error, read.bytes);
}

transfer tcp_stream::try_write(std::span<const const_buffer> buffers) {
  const ssize_t n = send(socket_.get(), buffers, MSG_DONTWAIT);
  if (n >= 0) return {{}, static_cast<std::size_t>(n)};
  if (errno == EAGAIN || errno == EINTR) return {};
  return {timeout_or({errno, boost::system::system_category()}), 0};
}

transfer tcp_stream::try_send_file(int fd, std::uint64_t offset, std::uint64_t bytes) {
  const ssize_t n = send_file(socket_.get(), fd, offset, bytes);
  if (n > 0) return {{}, static_cast<std::size_t>(n)};
  if (n == 0) return {base::errc::end_of_stream, 0};
  if (errno == EAGAIN || errno == EINTR) return {};
  if (cannot_be_sent_from()) return stream::try_send_file(fd, offset, bytes);
  return {timeout_or({errno, boost::system::system_category()}), 0};
}

// What comes before tell_again() is of no interest; of what is true then or later the reactor is
// told.
void tcp_stream::wait_for_room(duration timeout, completion& done) {
  writer_ = &done;
  done.abort_on(reactor_.context());
  done.slot().emplace<cancel_write>(cancel_write{this});
  set_deadline(write_deadline_, timeout);
  static_cast<void>(place_.writing.take());
  reactor_.sockets().tell_again(socket_.get(), place_);
}

bool tcp_stream::start_wait_for_room(duration timeout, completion& done) {
  from_ = {};
  wait_for_room(timeout, done);
  if (place_.writing.await()) return false;
  write_deadline_.store(no_deadline, base::memory_order_relaxed);
  return true;
}

bool tcp_stream::start_write(std::span<const const_buffer> buffers, duration timeout,
                             completion& done) {
  from_ = buffers;
  wait_for_room(timeout, done);
  while (!place_.writing.await()) {
    static_cast<void>(place_.writing.take());
    transfer written;
    if (!try_pending_write(written)) continue;
    write_deadline_.store(no_deadline, base::memory_order_relaxed);
    done.error = written.error;
    done.bytes = written.bytes;
    return true;
  }
  return false;
}

bool tcp_stream::try_pending_write(transfer& done) noexcept {
  if (from_.empty()) return true;
  done = try_write(from_);
  return done.error || done.bytes != 0;
}

void tcp_stream::on_writable() noexcept {
  transfer written;
  if (!try_pending_write(written)) return place_.writing.await_again();
  write_deadline_.store(no_deadline, base::memory_order_relaxed);
  writer_->finish(written.error, written.bytes);
}

void tcp_stream::stop_reading() noexcept {
  ::shutdown(socket_.get(), SHUT_RD);
}

void tcp_stream::finish_writing() noexcept {
  ::shutdown(socket_.get(), SHUT_WR);
}

void tcp_stream::abort() noexcept {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

// At once: behind a shutdown, a peer that begins to read before cut() would find all that had been
// sent and a proper end, which for an answer without a length is how a whole one ends.
void tcp_stream::reset() noexcept {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  if (::connect(socket_.get(), &nobody, sizeof nobody) != 0) abort();
}

// Without lingering, close() drops what is not sent and sends a reset.
void tcp_stream::cut() noexcept {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(socket_.get(), SHUT_RD);
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
      write_is_late ? reset() : stop_reading();
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
