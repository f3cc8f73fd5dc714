#pragma once

#include <coroutine>
#include <cstddef>

#include <tacit/base/error.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/memory/buffer_pool.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::io {

class late_read;

/// Told that a late read, for which nobody waits any more, has come to an end.
class arrival_listener {
 public:
  /// Called once, by whoever runs the reactor, inside it: to be short.
  virtual void on_arrival() noexcept = 0;

 protected:
  ~arrival_listener() = default;
};

/// A stream that can be read without memory being held for what has not come, and without a
/// coroutine that waits for it.
///
/// A late read takes its block when bytes have come. It outlives the patience of who awaits it: if
/// nothing has come until then, the coroutine goes on with neither bytes nor an error, while the
/// read stays under way. It is then to be listened for; the next late read, which must not begin
/// before that, ends with what it brings.
///
/// Threads: as for a read of the stream, of which there is one at a time, late or not.
class late_reader {
 public:
  /// From now on `to` is told when the read has ended. False if it has ended already: then `to` is
  /// not told. After true, whoever owns both may be elsewhere already.
  [[nodiscard]] virtual bool listen(arrival_listener& to) noexcept = 0;

 protected:
  late_reader() = default;
  ~late_reader() = default;

 private:
  friend class late_read;
  // True if it has ended, and `by` is filled. Otherwise finish() is called later.
  virtual bool start_late_read(late_read& by) = 0;
};

/// One late read, for a coroutine to await; then what it has brought.
///
/// Errors:  as for a read. Neither an error nor bytes: it has not ended, and is to be listened for.
/// Cancel:  no scope ends it.
class late_read final : public sched::runnable {
 public:
  /// Takes a block of `bytes_max`. Lets the coroutine go on after `goes_on_after`.
  late_read(late_reader& from, std::size_t bytes_max, stream::duration fails_after,
            stream::duration goes_on_after) noexcept
      : block_bytes(bytes_max), timeout(fails_after), patience(goes_on_after), from_(from) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    suspend(awaiting, "read", place);
    return from_.start_late_read(*this) ? carry_on() : true;
  }
  void await_resume() const noexcept {}

  /// For the reader. This may be gone afterwards.
  void finish() noexcept { make_ready(); }

  const std::size_t block_bytes;
  const stream::duration timeout;
  const stream::duration patience;

  base::error_code error;
  std::size_t bytes = 0;
  memory::buffer block;  ///< Where they are; empty if there are none.

 private:
  late_reader& from_;
};

}  // namespace tacit::io
