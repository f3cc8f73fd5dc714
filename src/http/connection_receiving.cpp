// Of a connection: what comes from the peer, up to a message that can be answered.

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include <tacit/sched/this_worker.hpp>

#include "http/connection.hpp"

namespace tacit::http {

// Parses what is there. On `refuse` the answer is written already.
connection::next connection::advance() {
  try {
    return parse_on();
  } catch (const memory::out_of_budget&) {
    if (!message_) throw;
    shed("the server is short of memory");
    return next::refuse;
  }
}

connection::next connection::parse_on() {
  if (!message_) {
    // An empty line before a request is ignored (RFC 9112 section 2.2).
    while (inbox_.unparsed().starts_with("\r\n"))
      inbox_.parsed(2);
    if (inbox_.unparsed().empty() || inbox_.unparsed() == "\r") return next::read;
    take_limits();
    begin_message();
  }
  for (;;) {
    std::size_t consumed = 0;
    const auto progress = message_->parser.parse(inbox_.unparsed(), consumed);
    inbox_.parsed(consumed);
    switch (progress) {
      case parser::progress::complete:
        message_->is_body_complete = true;
        return next::respond;
      case parser::progress::refused:
        if (message_->parser.why().status == 503) service_.count.shed_for_memory.add();
        answer_refusal(message_->parser.why());
        return next::refuse;
      case parser::progress::head_complete: {
        inbox_.end_head();
        entry_.set(activity::reading_body);
        const next step = act_on_head();
        if (step != next::read || !inbox_.has_unparsed()) return step;
        break;
      }
      case parser::progress::piece:
      case parser::progress::need_more:
        if (inbox_.has_head()) {
          message_->has_body_begun = message_->has_body_begun || consumed != 0;
          return next::read;
        }
        return head_fits(inbox_.message().size()) ? next::read : next::refuse;
    }
  }
}

// Of a message with a body. `read` means that the body is to be gathered.
connection::next connection::act_on_head() {
  if (!head_fits(inbox_.head_bytes())) return next::refuse;
  const auto length = message_->parser.remaining();
  const bool is_all_here = length && *length <= inbox_.unparsed().size();
  if (!is_all_here && service_.budget.pressure() != memory::memory_pressure::none) {
    shed("the server is short of memory for a body");
    return next::refuse;
  }
  // What follows takes room behind the head.
  if (!is_all_here && !inbox_.message_is_at_front()) return restart_at_front();
  route_request();
  const handler* with = message_->with;
  const bool is_gathered = with && with->plain;
  if (is_gathered && length.value_or(0) > limits_->body_bytes_max) {
    answer_refusal({413, "the request body is larger than this server takes"});
    return next::refuse;
  }
  if (is_gathered && !is_all_here && !has_memory_for_body(length.value_or(0))) return next::refuse;
  return is_gathered || is_all_here ? next::read : next::respond;
}

// Of a body that is to be gathered: keeps room for what is still to come.
bool connection::has_memory_for_body(std::uint64_t bytes) {
  const std::uint64_t to_come = bytes - std::min<std::uint64_t>(bytes, inbox_.unparsed().size());
  if (message_->body_claim.begin(&service_.budget, to_come)) return true;
  shed("the server is short of memory for a body");
  return false;
}

void connection::shed(const char* what) {
  service_.count.shed_for_memory.add();
  answer_refusal({503, what});
}

// A request that has come, while the server is about to be killed. Who looks after the server is
// answered all the same.
bool connection::is_to_be_shed() const noexcept {
  if (service_.budget.pressure() != memory::memory_pressure::critical) return false;
  const std::string_view path = message_->c.request.path;
  return path != "/healthz" && path != "/readyz" && path != "/metrics" &&
         !path.starts_with("/debug/");
}

// Refuses a head that is too long. The parser bounds each of its parts.
bool connection::head_fits(std::size_t bytes) {
  if (bytes <= limits_->head_bytes_max) return true;
  const bool has_request_line = inbox_.message().find('\n') != std::string_view::npos;
  answer_refusal(has_request_line
                     ? refusal{431, "the header fields are larger than this server takes"}
                     : refusal{414, "the request line is longer than this server takes"});
  return false;
}

void connection::route_request() {
  context& c = message_->c;
  message_->is_routed = true;
  message_->with = route(service_, c);
}

void connection::begin_message() {
  std::pmr::polymorphic_allocator<> allocator(&memory_);
  message_ = allocator.new_object<message>(*limits_, memory_, static_cast<exchange&>(*this));
  message_->c.peer = &peer_;
  inbox_.begin_message();
}

void connection::end_message() noexcept {
  if (message_) memory::note<std::uint64_t>(note_->request, 0);
  drop_message();
}

// Touches nothing of serve(), which may have ended.
void connection::drop_message() noexcept {
  if (!message_) return;
  label_.end();
  std::pmr::polymorphic_allocator<>(&memory_).delete_object(message_);
  message_ = nullptr;
  arena_.reset();
  inbox_.end_message();
}

// Between two requests. What has come of the next one moves to a larger block if it takes one,
// unless the watch writes into this one: then the limits wait for the next request.
void connection::take_limits() {
  const limits* const now = &service_.current_limits();
  if (now == limits_ || watch_) return;
  limits_ = now;
  inbox_.ensure_block(2 * limits_->head_bytes_max);
}

// Before a read. False if the block is full of one line that belongs to no head.
bool connection::make_room() {
  if (!message_) take_limits();
  inbox_.ensure_block(2 * limits_->head_bytes_max);
  if (!message_) {
    inbox_.compact();
    return true;
  }
  // What this gives is known: the same bytes were not enough a moment ago.
  if (!inbox_.message_is_at_front()) static_cast<void>(restart_at_front());
  // The head takes half of the block at most, so there is room once the gathered body has left.
  return !inbox_.room().empty() || (inbox_.has_head() && inbox_.make_room_behind_head());
}

// Between two requests, of the next of which nothing has come. The watch writes into the block.
bool connection::can_wait_without_memory() const noexcept {
  return arrivals_ && !message_ && !watch_ && !inbox_.has_unparsed();
}

io::late_read connection::wait_for_request() noexcept {
  inbox_.release();
  arena_.release();
  entry_.set_held(0);
  limits_ = &service_.current_limits();
  return {*arrivals_, std::max(memory::buffer_pool::block_bytes, 2 * limits_->head_bytes_max),
          limits_->idle_timeout, patience_};
}

io::transfer connection::take(io::late_read& arrived) noexcept {
  inbox_.adopt(std::move(arrived.block), arrived.bytes);
  service_.count.received_bytes.add(arrived.bytes);
  return {arrived.error, arrived.bytes};
}

connection::next connection::restart_at_front() {
  inbox_.restart_at_front();
  end_message();
  begin_message();
  return advance();
}

// A peer that waits for it gets it once, unless it has sent some of the body without waiting.
bool connection::owes_continue() const noexcept {
  return message_ && inbox_.has_head() && inbox_.has_only_head() && !message_->has_body_begun &&
         !message_->continued && message_->parser.expects_continue();
}

void connection::append_continue() {
  constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  sender_.waiting().ensure_room(interim.size());
  sender_.waiting().append(interim);
  message_->continued = true;
}

io::stream::duration connection::read_timeout() const noexcept {
  if (!message_) return limits_->idle_timeout;
  if (inbox_.has_head()) return message_->body_progress.patience();
  const auto left = message_->head_deadline - sched::this_worker::coarse_now();
  return std::max<io::stream::duration>(left, std::chrono::milliseconds(1));
}

// The next bytes, which may have been read by the watch. Precondition: there is room.
sched::task<io::transfer> connection::receive(io::stream::duration timeout) {
  io::transfer read;
  if (watch_) {
    peer_.limit_read(timeout);
    auto seen = std::exchange(watch_, {});
    read = co_await std::move(seen);
    // It may have ended before its limit was set.
    peer_.limit_read(io::stream::no_timeout);
    // What had come before it may have moved meanwhile; where it wrote nobody else has written.
    std::memmove(inbox_.room().data(), watched_, read.bytes);
  } else {
    read = co_await peer_.read(inbox_.room(), timeout);
  }
  received(read);
  co_return read;
}

void connection::received(const io::transfer& read) {
  if (message_) message_->body_claim.came(read.bytes);
  inbox_.received(read.bytes);
  service_.count.received_bytes.add(read.bytes);
}

// Of a body, after a wait.
bool connection::is_too_slow(base::steady_time since, std::size_t bytes) noexcept {
  progress_window& progress = message_->body_progress;
  progress.waited(sched::this_worker::coarse_now() - since, bytes);
  return progress.is_too_slow();
}

// Within a request: whether the end that a read has found may be ours, so that it is to be read on
// after a pause.
bool connection::may_come_late(base::error_code ec) noexcept {
  if (ec != base::errc::end_of_stream || !entry_.is_stopped()) return false;
  return late_reads_left_-- > 0;
}

// True if there is an answer to be sent.
bool connection::answer_read_failure(base::error_code ec) {
  if (ec != base::errc::timed_out) return false;
  service_.count.timeouts.add();
  if (!message_) return false;
  answer_refusal({408, "the request did not come in time"});
  return true;
}

}  // namespace tacit::http
