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
// The block is taken by the buffer sequence. Asio asks it for its buffers to see whether they are
// empty, then to try the socket before it waits, which nearly always finds nothing, and then when
// epoll says that something is there. To the first two questions the answer is a byte of the
// stream's own. If that byte is read into, it is moved into a block and the rest is read behind it,
// so nothing depends on how often Asio asks.

#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <cassert>
#include <cerrno>
#include <new>
#include <utility>

#include <tacit/sched/this_worker.hpp>

#include "io/tcp_stream.hpp"

namespace tacit::io {

namespace asio = boost::asio;

namespace {

constexpr std::uintptr_t none = 0;
constexpr std::uintptr_t unheeded = 2;
constexpr std::uintptr_t arrived = 4;
constexpr std::uintptr_t listened_bit = 1;

constexpr std::uint8_t asked_in_vain = 2;

constexpr bool is_awaited(std::uintptr_t value) noexcept {
  return value > arrived && (value & listened_bit) == 0;
}

}  // namespace

struct tcp_stream::late_room {
  using value_type = asio::mutable_buffer;
  using const_iterator = const asio::mutable_buffer*;
  tcp_stream* of;
  [[nodiscard]] const_iterator begin() const noexcept { return of->find_room(); }
  [[nodiscard]] const_iterator end() const noexcept { return &of->room_ + 1; }
};

struct tcp_stream::late_handler {
  using allocator_type = operation_allocator<std::byte, late_memory>;
  tcp_stream* self;
  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return allocator_type(self->late_memory_);
  }
  void operator()(base::error_code ec, std::size_t bytes) const noexcept {
    self->late_read_ended(ec, bytes);
  }
};

bool tcp_stream::start_late_read(late_read& by) {
  if (attention_.load(base::memory_order_acquire) == arrived) {
    attention_.store(none, base::memory_order_relaxed);
    hand_over(by);
    return true;
  }
  if (may_have_more_ && sched::this_worker::spend_budget() && try_late_read(by)) return true;
  const bool can_be_let_go = by.patience < by.timeout;
  const duration first_deadline = can_be_let_go ? by.patience : by.timeout;
  after_patience_.store(can_be_let_go ? (by.timeout - by.patience).count() : 0,
                        base::memory_order_relaxed);
  late_block_bytes_ = static_cast<std::uint32_t>(by.block_bytes);
  room_ = asio::mutable_buffer(&first_byte_, 1);
  asked_for_room_ = 0;
  // Before the timer is set, which has to know whom to let go. `by` may be gone from then on.
  attention_.store(reinterpret_cast<attention>(&by), base::memory_order_release);
  set_deadline(read_deadline_, first_deadline);
  socket_.async_read_some(late_room{this}, late_handler{this});
  return false;
}

// What is there already. False if nothing is.
bool tcp_stream::try_late_read(late_read& by) {
  memory::buffer block(by.block_bytes);
  const ssize_t n = ::recv(socket_.native_handle(), block.data(), block.size(), MSG_DONTWAIT);
  may_have_more_ = n > 0 && static_cast<std::size_t>(n) == block.size();
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n < 0) by.error = {errno, boost::system::system_category()};
  if (n == 0) by.error = timeout_or(base::errc::end_of_stream);
  if (n > 0) {
    by.bytes = static_cast<std::size_t>(n);
    by.block = std::move(block);
  }
  return true;
}

const asio::mutable_buffer* tcp_stream::find_room() noexcept {
  if (asked_for_room_ < asked_in_vain) {
    ++asked_for_room_;
  } else if (!late_block_) {
    static_cast<void>(take_late_block());
  }
  return &room_;
}

// False if there is no memory for it.
bool tcp_stream::take_late_block() noexcept {
  try {
    late_block_ = memory::buffer(late_block_bytes_);
  } catch (const std::bad_alloc&) {
    return false;
  }
  room_ = asio::mutable_buffer(late_block_.data(), late_block_.size());
  return true;
}

// The rest of what is there, behind the byte that was read into the stream. Gives the bytes.
std::size_t tcp_stream::read_behind_first_byte() noexcept {
  late_block_.data()[0] = first_byte_;
  const ssize_t n =
      ::recv(socket_.native_handle(), late_block_.data() + 1, late_block_.size() - 1, MSG_DONTWAIT);
  // An end or an error is told to who reads next.
  return n > 0 ? 1 + static_cast<std::size_t>(n) : 1;
}

void tcp_stream::late_read_ended(base::error_code ec, std::size_t bytes) noexcept {
  read_deadline_.store(no_deadline, base::memory_order_relaxed);
  if (bytes == 0) {
    late_block_ = memory::buffer();
  } else if (late_block_) {
    // It was read into the block.
  } else if (take_late_block()) {
    bytes = read_behind_first_byte();
  } else {
    ec = boost::system::errc::make_error_code(boost::system::errc::not_enough_memory);
    bytes = 0;
  }
  may_have_more_ = bytes == room_.size();
  late_bytes_ = static_cast<std::uint32_t>(bytes);
  late_error_ = timeout_or(ec == asio::error::eof ? base::errc::end_of_stream : ec);
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
