// Of a connection: what a coroutine handler calls, to read the body and to write the answer.

#include <algorithm>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sync/sleep.hpp>

#include "http/connection.hpp"
#include "http/pipeline.hpp"

namespace tacit::http {

sched::task<body_read> connection::read_body() {
  await_settled();
  message& m = *message_;
  const std::uint64_t bytes_max = std::min(limits_->body_bytes_max, m.c.body_bytes_max);
  const refusal too_large{413, "the request body is larger than this server takes"};
  if (m.is_body_complete && !m.has_body_begun) {
    if (m.whole_body.size() > bytes_max) co_return refuse_body(base::errc::too_large, too_large);
    m.c.request.body = m.whole_body;
    co_return body_read{{}, m.whole_body};
  }
  if (m.gathered) co_return body_read{m.body_error, m.c.request.body};
  if (m.parser.remaining().value_or(0) > bytes_max) {
    co_return refuse_body(base::errc::too_large, too_large);
  }
  if (!m.body_claim.begin(&service_.budget, m.parser.remaining().value_or(0))) {
    co_return refuse_body_for_memory();
  }
  auto& gathered = m.gathered.emplace(&memory_);
  for (;;) {
    const body_read piece = co_await read_some_body();
    if (piece.error) co_return piece;
    if (piece.bytes.empty()) break;
    if (gathered.size() + piece.bytes.size() > bytes_max) {
      co_return refuse_body(base::errc::too_large, too_large);
    }
    if (!gather(piece.bytes)) co_return refuse_body_for_memory();
  }
  m.c.request.body = gathered;
  co_return body_read{{}, m.c.request.body};
}

// False if there is no memory for it.
bool connection::gather(std::string_view piece) {
  std::pmr::string& gathered = *message_->gathered;
  try {
    if (gathered.empty()) gathered.reserve(piece.size() + message_->parser.remaining().value_or(0));
    gathered.append(piece);
    return true;
  } catch (const memory::out_of_budget&) {
    return false;
  }
}

body_read connection::refuse_body_for_memory() {
  service_.count.shed_for_memory.add();
  return refuse_body(base::errc::overloaded, {503, "the server is short of memory for a body"});
}

sched::task<body_read> connection::read_some_body() {
  await_settled();
  message& m = *message_;
  if (m.is_body_complete && !m.has_body_begun) {
    const bool is_first = !std::exchange(m.has_given_body, true);
    co_return body_read{{}, is_first ? m.whole_body : std::string_view{}};
  }
  for (;;) {
    std::string_view piece;
    if (m.body_error) co_return body_read{m.body_error, {}};
    if (m.is_body_complete || take_piece(piece)) co_return body_read{m.body_error, piece};
    if (!may_receive_body()) co_return body_read{m.body_error, {}};
    if (!sender_.flush_now()) m.body_error = co_await sender_.flush();
    if (m.body_error) co_return body_read{m.body_error, {}};
    const auto since = sched::this_worker::coarse_now();
    const auto patience = m.body_progress.patience();
    io::transfer read;
    // Not a task of its own for each read: see serve().
    if (watch_) {
      read = co_await receive(patience);
    } else {
      read = co_await peer_.read(inbox_.room(), patience);
      received(read);
    }
    if (may_come_late(read.error)) {
      read.error = co_await sync::sleep_for(late_read_pause);
      if (!read.error) continue;
    }
    // The scope of the handler, or one inside it.
    const sched::cancel_scope* const around = co_await sched::current_scope();
    if (!takes(read, since, around)) co_return body_read{m.body_error, {}};
  }
}

// From what has come. True if there is one, or there will be no more.
bool connection::take_piece(std::string_view& piece) {
  if (!inbox_.has_unparsed()) return false;
  message& m = *message_;
  m.has_body_begun = true;
  std::size_t consumed = 0;
  const auto progress = m.parser.parse_piece(inbox_.unparsed(), consumed, piece);
  inbox_.parsed(consumed);
  switch (progress) {
    case parser::progress::complete:
      m.is_body_complete = true;
      // A handler that waits from here on is to hear of its client.
      if (m.scope && settled_.load(base::memory_order_relaxed)) arm_watch();
      return true;
    case parser::progress::refused:
      static_cast<void>(refuse_body(base::errc::malformed, m.parser.why()));
      return true;
    default:
      return !piece.empty();
  }
}

// Before more of the body is waited for. False if there is an error, which is noted then.
bool connection::may_receive_body() {
  if (!inbox_.make_room_behind_head()) {
    static_cast<void>(
        refuse_body(base::errc::malformed, {400, "a line of the chunked body is too long"}));
    return false;
  }
  if (owes_continue() && !message_->stream.has_begun()) append_continue();
  return true;
}

// After it. False if there is an error, which is noted then.
bool connection::takes(const io::transfer& read, base::steady_time since,
                       const sched::cancel_scope* around) {
  message& m = *message_;
  if (!is_too_slow(since, read.bytes) && !read.error) return true;
  const base::error_code cause = around ? around->cause() : base::error_code{};
  if (cause) {
    m.body_error = cause;
  } else if (read.error && read.error != base::errc::timed_out) {
    m.peer_has_left = true;
    m.body_error = base::errc::client_gone;
    if (m.scope) m.scope->cancel(base::errc::client_gone);
  } else {
    service_.count.timeouts.add();
    static_cast<void>(
        refuse_body(base::errc::timed_out, {408, "the request did not come in time"}));
  }
  return false;
}

// What the handler is told, and what the peer is, unless the answer has begun.
body_read connection::refuse_body(base::errc error, const refusal& why) {
  message_->body_refusal = why;
  message_->body_error = error;
  return {message_->body_error, {}};
}

sched::task<base::error_code> connection::start_stream(std::optional<std::uint64_t> length) {
  await_settled();
  message& m = *message_;
  if (m.stream.has_begun()) co_return base::errc::wrong_use;
  m.c.response.is_streamed = true;
  conclude(service_, m.c);
  // What is coded has another length.
  if (m.c.response.encoder) length.reset();
  decide_persistence();
  const bool ends_by_close = !length && m.c.request.version < 11;
  close_after_answer_ = close_after_answer_ || ends_by_close;
  m.stream.begin(sender_.waiting(), m.c, length, goes_on());
  count_answer();
  co_return base::error_code{};
}

sched::task<base::error_code> connection::write(std::string_view bytes) {
  return write_body(bytes, body_encoder::flush::none);
}

// `how` is for the encoder, if there is one.
sched::task<base::error_code> connection::write_body(std::string_view bytes,
                                                     body_encoder::flush how) {
  await_settled();
  answer_stream& stream = message_->stream;
  output& out = sender_.waiting();
  if (const base::error_code wrong = stream.admit(bytes)) co_return wrong;
  if (stream.sends_no_body()) co_return base::error_code{};
  body_encoder* const encoder = message_->c.response.encoder.get();
  for (;;) {
    const std::string_view piece = encoder ? encoder->encode(bytes, how) : std::exchange(bytes, {});
    if (piece.empty() && bytes.empty()) co_return base::error_code{};
    if (piece.empty()) continue;
    if (out.room() < answer_stream::frame_bytes_max) {
      const base::error_code failed = co_await sender_.flush();
      if (failed) co_return stream.note(failed);
    }
    stream.begin_piece(out, piece.size());
    if (piece.size() + answer_stream::frame_bytes_max <= out.room()) {
      out.append(piece);
    } else {
      const base::error_code failed = co_await sender_.send(piece);
      if (failed) co_return stream.note(failed);
    }
    stream.end_piece(out);
  }
}

sched::task<base::error_code> connection::flush() {
  await_settled();
  if (message_->c.response.encoder) {
    const base::error_code failed = co_await write_body({}, body_encoder::flush::now);
    if (failed) co_return failed;
  }
  if (sender_.flush_now()) co_return base::error_code{};
  const base::error_code failed = co_await sender_.flush();
  co_return message_->stream.note(failed);
}

}  // namespace tacit::http
