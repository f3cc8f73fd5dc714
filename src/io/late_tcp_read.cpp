// Of a tcp_stream: reads for which memory is taken late, and which may be let go.
//
// `attention_` is one of
//
//   none       no late read is under way;
//   awaited    the address of the late_read whose coroutine waits;
//   unheeded   under way, and nobody is to be told;
//   listened   the address of a listener, with its lowest bit set;
//   arrived    ended, and its outcome is in the stream.
//
//   none -> awaited          start_late_read, by the coroutine
//   awaited -> unheeded      let_go, by the timer
//   unheeded -> listened     listen, by the owner
//   awaited -> none          late_read_ended, by the reactor; the outcome is handed over
//   unheeded -> arrived, listened -> arrived    late_read_ended
//   arrived -> none          start_late_read
//
// 1. The timer and the reactor may come at the same time. Who takes `awaited` away resumes the
//    coroutine; the other one does not touch the late_read again.
// 2. Whoever reads what the reactor has left has seen `arrived`, or was resumed by the reactor.
// 3. The timer may find a later late_read in the place of the one it had seen. It then lets that
//    one go early, which is allowed.
//
// The block is taken when the socket is said to be readable, by whoever polls.

#include <cassert>
#include <new>
#include <utility>

#include <tacit/sched/this_worker.hpp>

#include "io/tcp_stream.hpp"

namespace tacit::io {

namespace {

constexpr std::uintptr_t none = 0;
constexpr std::uintptr_t unheeded = 2;
constexpr std::uintptr_t arrived = 4;
constexpr std::uintptr_t listened_bit = 1;

constexpr bool is_awaited(std::uintptr_t value) noexcept {
  return value > arrived && (value & listened_bit) == 0;
}

}  // namespace

bool tcp_stream::start_late_read(late_read& by) {
  if (attention_.load(base::memory_order_acquire) == arrived) {
    attention_.store(none, base::memory_order_relaxed);
    hand_over(by);
    return true;
  }
  if (place_.reading.take()) {
    if (!sched::this_worker::spend_budget()) {
      reactor_.sockets().tell_again(socket_.get(), place_);
    } else if (try_late_read(by)) {
      return true;
    }
  }
  const bool can_be_let_go = by.patience < by.timeout;
  const duration first_deadline = can_be_let_go ? by.patience : by.timeout;
  after_patience_.store(can_be_let_go ? (by.timeout - by.patience).count() : 0,
                        base::memory_order_relaxed);
  late_block_bytes_ = static_cast<std::uint32_t>(by.block_bytes);
  reader_ = nullptr;
  // Before the timer is set, which has to know whom to let go. `by` may be gone from then on.
  attention_.store(reinterpret_cast<attention>(&by), base::memory_order_release);
  set_deadline(read_deadline_, first_deadline);
  while (!place_.reading.await()) {
    // Something has come just now, and nobody else reads it. The coroutine is told as if somebody
    // had, because the timer may have let it go meanwhile.
    static_cast<void>(place_.reading.take());
    if (read_late()) return false;
  }
  return false;
}

// What is there already. False if nothing is.
bool tcp_stream::try_late_read(late_read& by) {
  memory::buffer block(by.block_bytes);
  transfer read;
  if (!try_read({block.data(), block.size()}, read)) return false;
  by.error = read.error;
  by.bytes = read.bytes;
  if (read.bytes != 0) by.block = std::move(block);
  return true;
}

// Ends the read that is under way, if something has come.
bool tcp_stream::read_late() noexcept {
  transfer read;
  try {
    late_block_ = memory::buffer(late_block_bytes_);
    if (!try_read({late_block_.data(), late_block_.size()}, read)) {
      late_block_ = memory::buffer();
      return false;
    }
  } catch (const std::bad_alloc&) {
    place_.reading.keep();
    read.error = boost::system::errc::make_error_code(boost::system::errc::not_enough_memory);
  }
  late_read_ended(read);
  return true;
}

void tcp_stream::late_read_ended(const transfer& read) noexcept {
  read_deadline_.store(no_deadline, base::memory_order_relaxed);
  if (read.bytes == 0) late_block_ = memory::buffer();
  late_bytes_ = static_cast<std::uint32_t>(read.bytes);
  late_error_ = read.error;
  attention seen = attention_.load(base::memory_order_acquire);
  while (!attention_.compare_exchange_weak(seen, is_awaited(seen) ? none : arrived,
                                           base::memory_order_acq_rel,
                                           base::memory_order_acquire)) {
  }
  if (is_awaited(seen)) {
    auto* const waiting = reinterpret_cast<late_read*>(seen);
    hand_over(*waiting);
    waiting->finish();
  } else if ((seen & listened_bit) != 0) {
    reinterpret_cast<arrival_listener*>(seen & ~listened_bit)->on_arrival();
  }
}

void tcp_stream::hand_over(late_read& to) noexcept {
  to.error = late_error_;
  to.bytes = late_bytes_;
  to.block = std::move(late_block_);
}

// For the timer: whether a late deadline was only that of the patience. Then the coroutine goes on
// without the read, whose timeout is watched further.
bool tcp_stream::let_go(base::steady_time now) noexcept {
  const ticks left = after_patience_.load(base::memory_order_relaxed);
  attention seen = attention_.load(base::memory_order_acquire);
  if (!is_awaited(seen) || left == 0) return false;
  if (!attention_.compare_exchange_strong(seen, unheeded, base::memory_order_acq_rel)) return true;
  // Unless the read has ended just now. Only the reactor stores a deadline meanwhile.
  const ticks now_ticks = now.time_since_epoch().count();
  const ticks later = left < no_deadline - now_ticks ? now_ticks + left : no_deadline;
  ticks due = read_deadline_.load(base::memory_order_seq_cst);
  while (due != no_deadline &&
         !read_deadline_.compare_exchange_weak(due, later, base::memory_order_seq_cst)) {
  }
  reinterpret_cast<late_read*>(seen)->finish();
  return true;
}

bool tcp_stream::listen(arrival_listener& to) noexcept {
  attention expected = unheeded;
  const auto listened = reinterpret_cast<attention>(&to) | listened_bit;
  const bool is_under_way =
      attention_.compare_exchange_strong(expected, listened, base::memory_order_acq_rel);
  assert(is_under_way || expected == arrived);
  return is_under_way;
}

}  // namespace tacit::io
