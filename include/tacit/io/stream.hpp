#pragma once

#include <boost/asio/buffer.hpp>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tacit/base/error.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/io/abortable.hpp>
#include <tacit/io/operation_memory.hpp>

namespace tacit::io {

using const_buffer = boost::asio::const_buffer;

struct transfer {
  base::error_code error;
  std::size_t bytes = 0;
};

/// Where a read or write under way leaves its outcome, and whom it wakes.
class completion : public abortable {
 public:
  base::error_code error;
  std::size_t bytes = 0;
  operation_memory memory;

  void finish(base::error_code ec, std::size_t n) noexcept {
    error = ec;
    bytes = n;
    completed();
  }

  /// For a stream that starts an operation of Asio with slot(): where its handler runs. Without it
  /// the operation goes on when it is cancelled.
  void abort_on(boost::asio::io_context& where) noexcept {
    where_ = &where;
    listen();
  }

 protected:
  ~completion() = default;

  /// For await_resume.
  [[nodiscard]] transfer outcome() noexcept {
    end();
    return {cause() && !error && bytes == 0 ? cause() : explain(error), bytes};
  }

 private:
  void post_abort() noexcept override { post_abort_to(where_->get_executor()); }

  boost::asio::io_context* where_ = nullptr;
};

/// A connected byte stream: TCP on a reactor, TCP with blocking calls, or memory in tests.
///
/// Threads:   one read and one write at a time; stop_reading() and abort() from any thread while
///            the stream lives.
/// Errors:    reads end with errc::end_of_stream when the peer has closed its sending side, and
///            with errc::timed_out when nothing came in time; other codes are the system's.
/// Cancel:    by the coroutine's scope: an operation that waits then ends with the scope's cause
///            and has read or written nothing; one that has moved bytes gives them and no error.
///            No byte is lost, and the stream can be used further. Streams whose operations block
///            the thread look at the scope before they start. Of all coroutines at once, and for
///            good: stop_reading() and abort().
class stream {
 public:
  using duration = std::chrono::nanoseconds;

  /// As a timeout: the operation waits for as long as it takes.
  static constexpr duration no_timeout = duration::max();

  virtual ~stream() = default;
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  /// Writes what it can of `buffers` without suspending. May write less, also nothing.
  virtual transfer try_write(std::span<const const_buffer> buffers) = 0;

  /// Writes what it can of `bytes` bytes (at least one) of the file `fd` from `offset` on, without
  /// suspending; may write less, also nothing. The file's own position does not matter. Unless a
  /// stream knows better, some of the file is read and written. errc::end_of_stream: the file ends
  /// before `offset`. Reading from a disk blocks the thread.
  virtual transfer try_send_file(int fd, std::uint64_t offset, std::uint64_t bytes);

  /// After this, reads give what the peer had sent already, and then errc::end_of_stream.
  virtual void stop_reading() noexcept = 0;

  /// Says to the peer that nothing more will be written; it can still be read from.
  virtual void finish_writing() noexcept = 0;

  /// Ends both directions; pending and later operations fail.
  virtual void abort() noexcept = 0;

  /// Ends both directions so that the peer does not take it for a proper end: TCP sends a reset
  /// once the stream is destroyed.
  virtual void cut() noexcept { abort(); }

  /// Whether a read that has to wait suspends the coroutine, so that something else can be done
  /// meanwhile. Otherwise it blocks the thread.
  [[nodiscard]] virtual bool suspends() const noexcept { return false; }

  /// Changes when the read under way gives up: `timeout` from now. For streams that suspend.
  virtual void limit_read(duration) noexcept {}

  /// The socket, for whoever asks the kernel about it while the stream lives; -1 if there is none.
  [[nodiscard]] virtual int descriptor() const noexcept { return -1; }

  class [[nodiscard]] read_awaiter;
  class [[nodiscard]] write_awaiter;
  class [[nodiscard]] room_awaiter;

  /// Reads at least one byte into `into`, or fails; gives up after `timeout`.
  read_awaiter read(std::span<char> into, duration timeout) noexcept;

  /// Writes at least one byte of `buffers`, or fails; gives up after `timeout`.
  write_awaiter write_some(std::span<const const_buffer> buffers, duration timeout) noexcept;

  /// Waits until something can be written, or fails; gives up after `timeout`. Moves no bytes.
  room_awaiter room(duration timeout) noexcept;

 protected:
  stream() = default;

  /// Starts the operation. True if it is finished and `done` filled: then the caller does not
  /// suspend. Otherwise done.finish() is called later, possibly before this function has returned.
  virtual bool start_read(std::span<char> into, duration timeout, completion& done) = 0;
  virtual bool start_write(std::span<const const_buffer> buffers, duration timeout,
                           completion& done) = 0;

  /// Streams whose try_write() always takes something need no more than this.
  virtual bool start_wait_for_room(duration, completion&) { return true; }
};

class stream::read_awaiter final : completion {
 public:
  read_awaiter(stream& from, std::span<char> into, duration timeout) noexcept
      : from_(from), into_(into), timeout_(timeout) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    begin(awaiting, "read", place);
    if (is_refused()) return carry_on();
    const bool can_be_cancelled = has_scope();
    if (from_.start_read(into_, timeout_, *this)) return carry_on();
    // Without a scope the operation may have ended, and this be gone.
    return can_be_cancelled ? initiated() : true;
  }
  [[nodiscard]] transfer await_resume() noexcept { return outcome(); }

 private:
  stream& from_;
  std::span<char> into_;
  duration timeout_;
};

class stream::write_awaiter final : completion {
 public:
  write_awaiter(stream& to, std::span<const const_buffer> buffers, duration timeout) noexcept
      : to_(to), buffers_(buffers), timeout_(timeout) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    begin(awaiting, "write", place);
    if (is_refused()) return carry_on();
    const bool can_be_cancelled = has_scope();
    if (to_.start_write(buffers_, timeout_, *this)) return carry_on();
    // Without a scope the operation may have ended, and this be gone.
    return can_be_cancelled ? initiated() : true;
  }
  [[nodiscard]] transfer await_resume() noexcept { return outcome(); }

 private:
  stream& to_;
  std::span<const const_buffer> buffers_;
  duration timeout_;
};

class stream::room_awaiter final : completion {
 public:
  room_awaiter(stream& in, duration timeout) noexcept : in_(in), timeout_(timeout) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    begin(awaiting, "room to write", place);
    if (is_refused()) return carry_on();
    const bool can_be_cancelled = has_scope();
    if (in_.start_wait_for_room(timeout_, *this)) return carry_on();
    // Without a scope the operation may have ended, and this be gone.
    return can_be_cancelled ? initiated() : true;
  }
  [[nodiscard]] base::error_code await_resume() noexcept { return outcome().error; }

 private:
  stream& in_;
  duration timeout_;
};

inline stream::read_awaiter stream::read(std::span<char> into, duration timeout) noexcept {
  return {*this, into, timeout};
}

inline stream::write_awaiter stream::write_some(std::span<const const_buffer> buffers,
                                                duration timeout) noexcept {
  return {*this, buffers, timeout};
}

inline stream::room_awaiter stream::room(duration timeout) noexcept {
  return {*this, timeout};
}

}  // namespace tacit::io
